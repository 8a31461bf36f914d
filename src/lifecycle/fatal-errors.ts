import type { Guard } from './guard.ts';

export type FatalErrorOrigin = 'uncaughtException' | 'unhandledRejection';

/**
 * @param error what was thrown. An unhandled rejection with a value that is no error comes as the error that Node makes
 *   of it, where Node ends the process by it.
 * @param endsProcess false where the application has a listener of its own for it.
 */
export type CaptureFatal = (error: unknown, origin: FatalErrorOrigin, endsProcess: boolean) => void;

/**
 * Observes uncaught exceptions and unhandled rejections and changes nothing about what Node does with them: it has no
 * listener that would count as handling one.
 *
 * Listeners run in the asynchronous context of what failed (seen on Node 22, 24 and 26), but for an exception that
 * left a `context.with` synchronously, which is back in the context outside it.
 *
 * @see https://nodejs.org/api/process.html#event-uncaughtexceptionmonitor
 * @returns a function that ends the observation.
 */
export function observeFatalErrors(capture: CaptureFatal, guard: Guard): () => void {
  const onFatal = guard((error: unknown, origin: FatalErrorOrigin) => {
    const handled =
      process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    capture(error, origin, !handled);
  });

  // Node does not call the monitor for a rejection that the application listens for. A listener of ours must be there
  // only while there is one of the application's, or where Node asks no listener: else Node would take it for handled.
  const onRejection = guard((reason: unknown) => capture(reason, 'unhandledRejection', false));
  const listenersOfApp = () =>
    process.listeners('unhandledRejection').filter((listener) => listener !== onRejection).length;
  const onNewListener = guard((event: string | symbol, listener: unknown) => {
    if (event !== 'unhandledRejection' || listener === onRejection) return;
    if (!process.listeners(event).includes(onRejection)) process.on(event, onRejection);
  });
  const onRemoveListener = guard((event: string | symbol) => {
    if (event === 'unhandledRejection' && listenersOfApp() === 0) process.off(event, onRejection);
  });

  process.on('uncaughtExceptionMonitor', onFatal);
  if (rejectionsNeverEndTheProcess()) {
    process.on('unhandledRejection', onRejection);
  } else {
    process.on('newListener', onNewListener);
    process.on('removeListener', onRemoveListener);
    if (listenersOfApp() > 0) process.on('unhandledRejection', onRejection);
  }
  return () => {
    process.off('uncaughtExceptionMonitor', onFatal);
    process.off('newListener', onNewListener);
    process.off('removeListener', onRemoveListener);
    process.off('unhandledRejection', onRejection);
  };
}

/** @see https://nodejs.org/api/cli.html#--unhandled-rejectionsmode */
function rejectionsNeverEndTheProcess(): boolean {
  const options = [...(process.env.NODE_OPTIONS?.split(/\s+/) ?? []), ...process.execArgv].join(' ');
  const modes = [...options.matchAll(/--unhandled-rejections[= ]([\w-]+)/g)];
  const mode = modes.at(-1)?.[1];
  return mode === 'warn' || mode === 'none';
}
