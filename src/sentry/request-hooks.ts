import { IncomingMessage } from 'node:http';
import type { Span } from '@opentelemetry/api';
import { core } from './sdk.ts';
import { localRootOf } from './trace-data.ts';

/** What an instrumentation of a web framework tells of an error that a route threw. */
export interface RouteError {
  readonly framework: string;
  readonly route?: string | undefined;
  readonly method?: string | undefined;
  readonly status?: number | undefined;
}

/** For `@opentelemetry/instrumentation-http`: keeps the request at hand for an error that may follow. */
export function rememberRequest(span: Span, request: unknown): void {
  const root = localRootOf(span.spanContext());
  if (root !== undefined && request instanceof IncomingMessage) root.request = request;
}

/** For the instrumentations of web frameworks: an error that ends a request reaches Sentry once, as unhandled. */
export function captureRouteError(error: unknown, { framework, route }: RouteError): void {
  const span = core.getActiveSpan();
  // Sentry's span type and OpenTelemetry's describe the same object.
  const root = span && localRootOf((span as unknown as Span).spanContext());
  if (root !== undefined && route !== undefined) root.route ??= route;
  core.captureException(error, { mechanism: { type: `auto.http.${framework}`, handled: false } });
}
