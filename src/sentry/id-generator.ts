import { type Context, context, createContextKey } from '@opentelemetry/api';
import type { IdGenerator } from '../opentelemetry/sdk-interfaces.ts';
import { core } from './sdk.ts';

const NEW_TRACE = createContextKey('acme.otel-sentry.new-trace');

/** A context in which every root span belongs to the trace `traceId`. */
export function withTraceId(base: Context, traceId: string): Context {
  return base.setValue(NEW_TRACE, traceId);
}

/**
 * Random ids, except that all root spans within one `Sentry.startNewTrace` share a trace, as Sentry's API promises.
 * An own `NodeSDK` without this generator starts a trace for each of them.
 */
export class SentryIdGenerator implements IdGenerator {
  generateTraceId(): string {
    const traceId = context.active().getValue(NEW_TRACE);
    return typeof traceId === 'string' ? traceId : core.generateTraceId();
  }

  generateSpanId(): string {
    return core.generateSpanId();
  }
}
