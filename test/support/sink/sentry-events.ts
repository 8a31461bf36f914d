/** Sentry's errors, logs, metrics and client reports. */

import {
  DecodeError,
  isObject,
  type JsonObject,
  list,
  number,
  object,
  optionalNumber,
  optionalObject,
  optionalSpanId,
  optionalString,
  optionalTraceId,
  spanId,
  string,
  traceId,
} from './json.ts';
import {
  type EnvelopeHeader,
  type SinkClientReport,
  type SinkError,
  type SinkLog,
  type SinkMetric,
  serviceName,
} from './model.ts';
import { flattenAttributes, milliseconds } from './sentry-attributes.ts';

/** An error or a message. https://develop.sentry.dev/sdk/foundations/transport/event-payloads/ */
export function errorEvent(value: unknown, envelope: EnvelopeHeader): SinkError {
  const raw = object(value, 'event');
  const contexts = optionalObject(raw.contexts, 'contexts of an event');
  const trace = isObject(contexts.trace) ? contexts.trace : undefined;
  return {
    source: 'sentry',
    eventId: string(raw.event_id, 'event_id of an event'),
    ...subject(raw),
    traceId: trace && traceId(trace.trace_id, 'trace_id of an event'),
    spanId: trace && spanId(trace.span_id, 'span_id of an event'),
    transaction: optionalString(raw.transaction, 'transaction of an event'),
    level: optionalString(raw.level, 'level of an event'),
    tags: optionalObject(raw.tags, 'tags of an event'),
    contexts,
    release: optionalString(raw.release, 'release of an event'),
    environment: optionalString(raw.environment, 'environment of an event'),
    breadcrumbs: breadcrumbs(raw.breadcrumbs),
    dsc: envelope.dsc,
    envelope,
    raw,
  };
}

function subject(event: JsonObject): Pick<SinkError, 'type' | 'value' | 'handled'> {
  const exceptions = list(
    optionalObject(event.exception, 'exception of an event').values,
    'exception.values',
  );
  const outermost = exceptions.at(-1);
  if (outermost === undefined) {
    const entry = optionalObject(event.logentry, 'logentry of an event');
    const message = event.message ?? entry.formatted ?? entry.message;
    return { type: undefined, value: optionalString(message, 'message of an event'), handled: undefined };
  }
  const exception = object(outermost, 'exception of an event');
  const mechanism = optionalObject(exception.mechanism, 'mechanism of an exception');
  return {
    type: optionalString(exception.type, 'type of an exception'),
    value: optionalString(exception.value, 'value of an exception'),
    handled: typeof mechanism.handled === 'boolean' ? mechanism.handled : undefined,
  };
}

/** JavaScript sends a list, other SDKs `{ values: [...] }`. */
function breadcrumbs(value: unknown): readonly unknown[] {
  return list(isObject(value) ? value.values : value, 'breadcrumbs of an event');
}

/** One log of a container. https://develop.sentry.dev/sdk/telemetry/logs/ */
export function log(value: unknown, envelope: EnvelopeHeader): SinkLog {
  const raw = object(value, 'log');
  const attributes = flattenAttributes(raw.attributes, 'a log');
  return {
    source: 'sentry',
    time: milliseconds(raw.timestamp, 'timestamp of a log'),
    level: string(raw.level, 'level of a log'),
    severityNumber: optionalNumber(raw.severity_number, 'severity_number of a log'),
    body: string(raw.body, 'body of a log'),
    traceId: optionalTraceId(raw.trace_id, 'trace_id of a log'),
    spanId: optionalSpanId(raw.span_id ?? attributes['sentry.trace.parent_span_id'], 'span_id of a log'),
    attributes,
    service: serviceName(attributes),
    envelope,
    raw,
  };
}

/** One measurement of a `trace_metric` container. https://develop.sentry.dev/sdk/telemetry/metrics/ */
export function metric(value: unknown, envelope: EnvelopeHeader): SinkMetric {
  const raw = object(value, 'metric');
  const name = string(raw.name, 'name of a metric');
  const attributes = flattenAttributes(raw.attributes, `metric "${name}"`);
  return {
    source: 'sentry',
    name,
    type: metricType(raw.type, name),
    unit: optionalString(raw.unit, `unit of metric "${name}"`),
    value: number(raw.value, `value of metric "${name}"`),
    count: 1,
    time: milliseconds(raw.timestamp, `timestamp of metric "${name}"`),
    traceId: optionalTraceId(raw.trace_id, `trace_id of metric "${name}"`),
    spanId: optionalSpanId(raw.span_id, `span_id of metric "${name}"`),
    attributes,
    service: serviceName(attributes),
    envelope,
    raw,
  };
}

function metricType(value: unknown, name: string): SinkMetric['type'] {
  if (value === 'counter' || value === 'gauge' || value === 'distribution') return value;
  throw new DecodeError(`metric "${name}" is of an unknown type: ${JSON.stringify(value)}`);
}

export function clientReport(value: unknown, envelope: EnvelopeHeader): SinkClientReport {
  const raw = object(value, 'client report');
  return {
    source: 'sentry',
    time:
      raw.timestamp === undefined ? undefined : milliseconds(raw.timestamp, 'timestamp of a client report'),
    discarded: list(raw.discarded_events, 'discarded_events').map((entry) => {
      const outcome = object(entry, 'discarded event');
      return {
        reason: string(outcome.reason, 'reason of a discarded event'),
        category: string(outcome.category, 'category of a discarded event'),
        quantity: number(outcome.quantity, 'quantity of a discarded event'),
      };
    }),
    envelope,
    raw,
  };
}
