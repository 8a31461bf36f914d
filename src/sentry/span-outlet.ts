import type { ReadableSpan } from '../opentelemetry/sdk-interfaces.ts';
import type { core } from './sdk.ts';

/** An OpenTelemetry span as Sentry's functions take it; both types describe the same object. */
export type SentrySpan = Parameters<typeof core.captureSpan>[0];

/** What becomes of the spans that Sentry samples, by the client's `traceLifecycle`. */
export interface SpanOutlet {
  /** @param root of the span's part of the trace in this process; the span itself where it is that root. */
  started(span: SentrySpan, root: SentrySpan): void;
  ended(span: SentrySpan & ReadableSpan, root: SentrySpan): void;
  /** Hands everything to the client's transport, synchronously. */
  drain(): void;
}
