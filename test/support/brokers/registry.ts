import { once } from 'node:events';
import type { Engine } from './engine.ts';

/** How long a registry may take to send its first word about an image. */
const FIRST_WORD_MS = 20_000;

/** Whether the engine has an image already. */
export async function hasImage(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.container.dockerode.getImage(image).inspect();
    return true;
  } catch (error) {
    // dockerode's errors carry the status of the engine's answer.
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/**
 * Pulls an image unless the engine has it.
 *
 * @throws {Error} with the engine's reason, or when the registry has not begun to answer within twenty seconds.
 */
export async function ensurePulled(engine: Engine, image: string): Promise<void> {
  if (await hasImage(engine, image)) return;
  const { dockerode } = engine.container;
  const silent = AbortSignal.timeout(FIRST_WORD_MS);
  const pulling = dockerode.pull(image, { abortSignal: silent });
  const stream = await pulling.catch((cause: Error) => {
    throw silent.aborted ? new Error(`the registry of ${image} does not answer`, { cause }) : cause;
  });
  const done = once(stream, 'end');
  dockerode.modem.followProgress(stream, (error) => {
    if (error) stream.emit('error', error);
  });
  await done;
  if (!(await hasImage(engine, image))) throw new Error(`${image} was not pulled`);
}
