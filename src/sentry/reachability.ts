import type { Transport } from '@sentry/core';
import { reason } from '../diagnostics.ts';

type MakeTransport<Options> = (options: Options) => Transport;

/**
 * Says once, in one line, when Sentry can't be reached or doesn't take what it is sent. Sentry's own SDK is silent
 * about both unless it is in debug mode.
 */
export function tellUnreachable<Options extends { url: string }>(
  makeTransport: MakeTransport<Options>,
  tell: (line: string) => void,
): MakeTransport<Options> {
  return (options) => {
    const transport = makeTransport(options);
    const { host } = new URL(options.url);
    return {
      ...transport,
      flush: (timeout) => transport.flush(timeout),
      send: async (envelope) => {
        try {
          const response = await transport.send(envelope);
          const status = response.statusCode ?? 200;
          if (status === 401 || status === 403 || status === 404) {
            tell(
              `SENTRY_DSN: refused by Sentry (got HTTP ${status} from ${host}, expected the DSN of a project there)`,
            );
          }
          return response;
        } catch (error) {
          tell(
            `SENTRY_DSN: Sentry can't be reached (got ${networkReason(error)}, expected an answer from ${host})`,
          );
          throw error;
        }
      },
    };
  };
}

/** Node leaves the message of a refused connection to several addresses empty; the code says it. */
function networkReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === '' ? reason(error) : code;
}
