/** What the propagators of this package share when they write. */

import { type Context, createContextKey, type TextMapSetter, trace } from '@opentelemetry/api';
import { propagationCounters } from './counters.ts';

// The key of @opentelemetry/core's suppressTracing; keys are registered symbols, so every copy shares it.
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Marks a span in whose name nothing is injected: it stands for one that another instrumentation would have made. */
export const NO_INJECTION: unique symbol = Symbol.for('@acme/otel-sentry.no-injection');

/** Whether nothing is to be written for a context: tracing is suppressed, or its span isn't one. */
export function isInjectionOff(context: Context): boolean {
  if (context.getValue(SUPPRESS_TRACING) === true) return true;
  const span = trace.getSpan(context);
  return span !== undefined && NO_INJECTION in span;
}

/** Writes a header; what the carrier doesn't take is counted. */
export function put(setter: TextMapSetter<unknown>, carrier: unknown, key: string, value: string): void {
  try {
    setter.set(carrier, key, value);
  } catch {
    propagationCounters.carrierErrors++;
    propagationCounters.droppedOutbound++;
  }
}
