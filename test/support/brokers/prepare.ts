import { prepareBrokers } from './start-brokers.ts';
import { prepareCollector } from './start-collector.ts';

/**
 * Gets the engine and the images of every server that the end-to-end tests start, all at the same time.
 *
 * @throws {UnavailableError} for the first that is not to be had, once all are through.
 */
export async function prepare(): Promise<void> {
  const outcomes = await Promise.allSettled([prepareBrokers(), prepareCollector()]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
