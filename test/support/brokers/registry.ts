import { within } from './deadline.ts';
import type { Engine } from './engine.ts';

const ANSWER_MS = 20_000;

let verdict: Promise<void> | undefined;

/**
 * Resolves when the registry of that image answers the engine; rejects with the reason when it doesn't within 20 s.
 * Asking for the image's digest tells that before a pull would: behind a firewall a pull tries for minutes. The
 * verdict on the first image holds for the process.
 */
export function registryAnswers(engine: Engine, image: string): Promise<void> {
  verdict ??= within(ANSWER_MS, 'no answer from the registry', digestOf(engine, image));
  return verdict;
}

async function digestOf(engine: Engine, image: string): Promise<void> {
  try {
    await engine.container.dockerode.getImage(image).distribution();
  } catch (error) {
    // 5xx: the engine had no answer. Any other code is one of sorts (log in; not so fast; Podman's 404, which has no
    // such question): then the pull, which knows the user's credentials, shall decide.
    const { statusCode } = error as { statusCode?: number };
    if (statusCode === undefined || statusCode >= 500) throw error;
  }
}
