/** The longest delay of Node's timers. */
const FOREVER_MS = 2 ** 31 - 1;

/**
 * Waits for `work`, and keeps the process alive until then: telemetry's own sockets and timers never do.
 * @param timeoutMs the longest wait; none, 0 or what is no number waits for as long as it takes.
 * @returns whether `work` was done in time, be it with success or failure. Never rejects.
 */
export async function finishedWithin(work: Promise<unknown>, timeoutMs?: number): Promise<boolean> {
  const delay = timeoutMs !== undefined && timeoutMs > 0 ? Math.min(timeoutMs, FOREVER_MS) : FOREVER_MS;
  const { promise: timedOut, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(resolve, delay, false);
  try {
    return await Promise.race([
      work.then(
        () => true,
        () => true,
      ),
      timedOut,
    ]);
  } finally {
    clearTimeout(timer);
  }
}
