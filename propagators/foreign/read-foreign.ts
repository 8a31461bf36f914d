import type { SpanContext, TextMapGetter } from '@opentelemetry/api';
import { b3Multi } from './b3-multi.ts';
import { b3Single } from './b3-single.ts';
import { CodecList } from './codec-list.ts';
import { datadog } from './datadog.ts';
import { toSpanContext } from './foreign-parent.ts';
import { jaeger } from './jaeger.ts';
import { googlePubSub, massTransit } from './renamed-traceparent.ts';
import { xray } from './xray.ts';

/**
 * First what message libraries write, since it speaks of this very message, then what tracers write. X-Ray comes last:
 * AWS's infrastructure adds it by itself, whatever traces the application.
 */
const ORDER = new CodecList([massTransit, googlePubSub, b3Single, b3Multi, jaeger, datadog, xray]);

/**
 * The remote parent of a message that carries neither W3C's nor Sentry's headers, by the first format that is present
 * and valid: MassTransit, Google Pub/Sub, B3 (single, then multi), Jaeger, Datadog, X-Ray. Undefined without any. What
 * is malformed is counted in `propagationCounters`; nothing throws, and the carrier stays as it is.
 */
export function readForeign(carrier: unknown, getter: TextMapGetter<unknown>): SpanContext | undefined {
  const parent = ORDER.read(carrier, getter);
  return parent && toSpanContext(parent);
}
