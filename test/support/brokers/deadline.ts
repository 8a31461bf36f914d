import { setTimeout as delay } from 'node:timers/promises';

/**
 * The result of `work`, or a rejection once `ms` milliseconds have passed without one. The work itself goes on: what
 * is waited for here (an engine's answer) can't be called off.
 */
export async function within<T>(ms: number, late: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const deadline = delay(ms, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${late} (within ${ms / 1000} s)`);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    over.abort();
    // Called off, the timer rejects; the race is decided, so nobody else hears of it.
    deadline.catch(() => undefined);
  }
}
