import { type ClientRequest, IncomingMessage } from 'node:http';
import type { Span } from '@opentelemetry/api';
import type { HandlerErrorInfo } from '../messaging/runtime.ts';
import { core } from './sdk.ts';
import { withoutQuery } from './semantic-conventions.ts';
import { localRootOf } from './trace-data.ts';

/** What an instrumentation of a web framework tells of an error that a route threw. */
export interface RouteError {
  readonly framework: string;
  readonly route?: string | undefined;
}

/** For `@opentelemetry/instrumentation-http`: keeps the request at hand for an error that may follow. */
export function rememberRequest(span: Span, request: unknown): void {
  const root = localRootOf(span.spanContext());
  if (root !== undefined && request instanceof IncomingMessage) root.request = request;
}

/**
 * For `@opentelemetry/instrumentation-http`: an answered request of the application's own becomes a breadcrumb, as
 * with Sentry's instrumentation, also in traces that nobody samples.
 */
export function noteOutgoingRequest(_span: Span, response: unknown): void {
  if (!(response instanceof IncomingMessage)) return;
  // Set by Node on the answer to a client's request; a server's own response is no IncomingMessage.
  const { req } = response as IncomingMessage & { req?: ClientRequest };
  if (req === undefined) return;
  const status = response.statusCode ?? 0;
  core.addBreadcrumb(
    {
      category: 'http',
      type: 'http',
      level: status >= 500 ? 'error' : status >= 400 ? 'warning' : 'info',
      data: {
        url: withoutQuery(`${req.protocol}//${req.host}${req.path}`),
        'http.method': req.method,
        status_code: status,
      },
    },
    { event: 'response', request: req, response },
  );
}

/**
 * For the instrumentations of web frameworks: an error that ends a request reaches Sentry once, as unhandled.
 *
 * @returns Sentry's event id.
 */
export function captureRouteError(error: unknown, { framework, route }: RouteError): string {
  const span = core.getActiveSpan();
  // Sentry's span type and OpenTelemetry's describe the same object.
  const root = span && localRootOf((span as unknown as Span).spanContext());
  if (root !== undefined && route !== undefined) root.route ??= route;
  return core.captureException(error, { mechanism: { type: `auto.http.${framework}`, handled: false } });
}

/**
 * For the instrumentations of message brokers: what the handler of a message throws or rejects with reaches Sentry, in
 * the message's own scope. Where the client library throws it on, Sentry recognises the error.
 *
 * @returns Sentry's event id.
 */
export function captureHandlerError(error: unknown, { system }: HandlerErrorInfo): string {
  return core.captureException(error, { mechanism: { type: `auto.queue.${system}`, handled: false } });
}
