import type { CaptureFatal } from './fatal-errors.ts';

type Core = Pick<typeof import('@sentry/core'), 'captureException'>;

/**
 * Captures what ends the process as Sentry's own integrations for it would, by mechanism and level. They are left out
 * because they change how the process ends.
 *
 * @param transport says whether the event has come through; where it hasn't by the time of return, nothing can wait for
 *   it, and one line says so.
 */
export function fatalCapture(
  core: Core,
  transport: { hasSeen(eventId: string): boolean },
  onDiagnostic: (line: string) => void,
): CaptureFatal {
  return (error, origin, endsProcess) => {
    const rejection = origin === 'unhandledRejection';
    const eventId = core.captureException(error, {
      originalException: error,
      captureContext: {
        level: endsProcess || !rejection ? 'fatal' : 'error',
        ...(rejection && { extra: { unhandledPromiseRejection: true } }),
      },
      mechanism: { handled: false, type: `auto.node.on${origin.toLowerCase()}` },
    });
    if (endsProcess && !transport.hasSeen(eventId)) {
      onDiagnostic(
        `Sentry: the error that ends the process is not ready to be sent (event ${eventId}): beforeSend, an event ` +
          'processor or a filter dropped it, or an asynchronous one still has it',
      );
    }
  };
}
