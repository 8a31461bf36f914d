import { type CaptureFatal, observeFatalErrors } from './fatal-errors.ts';
import { FinalFlush } from './final-flush.ts';
import { guardWith } from './guard.ts';
import type { AsynchronousPending, PendingPayloads } from './pending.ts';
import { flushBeforeTermination } from './termination-signals.ts';

export interface LifecycleOptions {
  /** What has to be empty before the process ends. */
  readonly sources: readonly PendingPayloads[];
  /** Exporters without a synchronous way out: they are waited for at a natural end and before death by a signal. */
  readonly asynchronousSources?: readonly AsynchronousPending[];
  /** The longest time, in milliseconds, by which telemetry may delay the end of the process, all phases together. */
  readonly budgetMs: number;
  /** Reports an error. It has to reach a source before it returns. */
  readonly captureFatal: CaptureFatal;
  /** For debugging: nothing is printed otherwise. */
  readonly onDiagnostic: (line: string) => void;
}

/**
 * Gets telemetry out before the process ends, however it ends, and changes nothing about the end: exit code, signal,
 * output and the application's own handlers stay what they are without us.
 *
 * - Natural end: an ordinary flush while events are still handled. An application that listens for `beforeExit` itself
 *   would see that event a second time after it; there, everything is left to `exit`.
 * - `process.exit`, an uncaught exception, an unhandled rejection: they all pass `exit`, where the thread is blocked
 *   until a worker thread has sent the rest.
 * - SIGTERM, SIGINT, SIGHUP: see {@link flushBeforeTermination}.
 *
 * To be called once, after everything else of telemetry that listens for `beforeExit`.
 */
export function installLifecycle(options: LifecycleOptions): { uninstall(): void } {
  const { captureFatal, onDiagnostic } = options;
  const flush = new FinalFlush({ asynchronousSources: [], ...options });
  const guard = guardWith(onDiagnostic);
  let exiting = false;
  let flushedNaturalEnd = false;
  let flushedJustNow = false;
  let appListensForBeforeExit = false;

  const noteFlush = () => {
    flushedJustNow = true;
    // As below, only where there is more work; without any, Node emits `beforeExit` once more and ends.
    setTimeout(() => {
      flushedJustNow = false;
    }, 0).unref();
  };

  const onBeforeExit = guard(() => {
    if (!appListensForBeforeExit && !flushedNaturalEnd) {
      flushedNaturalEnd = true;
      // After the other listeners, among them Sentry's, which close its session.
      queueMicrotask(() => void flush.asynchronously().then(noteFlush));
      return;
    }
    flush.pause();
    if (!flushedJustNow) void flush.prepare(); // done by `exit`: Node runs microtasks in between
    // Fires only where somebody gave the process work to do.
    setTimeout(() => flush.livesOn(), 0).unref();
  });
  const onExit = guard(() => {
    exiting = true;
    flush.synchronously();
  });
  const onNewListener = guard((event: string | symbol, listener: unknown) => {
    if (event === 'beforeExit' && listener !== onBeforeExit) appListensForBeforeExit = true;
  });

  // Ours must not be the one too many of which Node warns. 0 means no limit.
  const maxListeners = process.getMaxListeners();
  if (maxListeners > 0) process.setMaxListeners(maxListeners + 1);
  process.prependListener('beforeExit', onBeforeExit);
  process.on('newListener', onNewListener);
  process.on('exit', onExit);
  const stopObserving = observeFatalErrors((error, origin, endsProcess) => {
    captureFatal(error, origin, endsProcess);
    if (exiting) flush.synchronously(); // thrown by a listener of `exit`: no other event comes
  }, guard);
  const stopFlushing = flushBeforeTermination(flush, guard);

  return {
    uninstall: () => {
      stopFlushing();
      stopObserving();
      process.off('exit', onExit);
      process.off('newListener', onNewListener);
      process.off('beforeExit', onBeforeExit);
      if (process.getMaxListeners() === maxListeners + 1) process.setMaxListeners(maxListeners);
    },
  };
}
