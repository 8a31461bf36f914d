import type { ClientRequest } from 'node:http';
import { detach } from './detached-request.ts';
import type { SentryTransportOptions } from './sentry-payload.ts';

type HttpModule = NonNullable<SentryTransportOptions['httpModule']>;

/**
 * Node's `http` or `https` for Sentry's transport, with requests that don't keep the process alive.
 * @param module what the application gave Sentry instead; none is Node's, loaded at the first request.
 * @param onRequest called for each request; what it returns is called when the request is completely written.
 */
export function detachedHttp(
  url: string,
  module: HttpModule | undefined,
  onRequest: () => () => void,
): HttpModule {
  const nodeModule = () =>
    url.startsWith('https:') ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http');
  return {
    request: (options, callback): ClientRequest => {
      const onWritten = onRequest();
      // Sentry calls it with options, never with a URL.
      const request = (module ?? (nodeModule() as HttpModule)).request(options, callback);
      return detach(request, onWritten);
    },
  };
}
