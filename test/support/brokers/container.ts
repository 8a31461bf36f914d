import type { GenericContainer, StartedTestContainer } from 'testcontainers';
import { lastLines } from './command.ts';
import { reasonText } from './unavailable.ts';

/** What is told to a container from outside: its image, by the name testcontainers takes, and whose it is. */
export interface ContainerRequest {
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
}

const START_MS = 120_000;
const KEPT_LOG = 16_384;

/**
 * Starts a container that its caller removes (no reaper container, see reaper.ts) and waits as its wait strategy says.
 *
 * @throws {Error} with the last lines the container printed, when it doesn't get ready within two minutes.
 */
export async function startContainer(
  container: GenericContainer,
  labels: ContainerRequest['labels'],
): Promise<StartedTestContainer> {
  let printed = '';
  try {
    return await container
      .withLabels({ ...labels })
      .withAutoCleanup(false)
      .withStartupTimeout(START_MS)
      .withLogConsumer((log) => {
        log.on('data', (chunk) => {
          printed = (printed + chunk).slice(-KEPT_LOG);
        });
      })
      .start();
  } catch (error) {
    const log = lastLines(printed);
    throw new Error(log ? `${reasonText(error)}; the container said: ${log}` : reasonText(error), {
      cause: error,
    });
  }
}
