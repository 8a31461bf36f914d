/** Sentry's three forms of a span: streamed (v2), standalone (v1), and those in a transaction. */

import {
  boolean,
  type JsonObject,
  list,
  object,
  optionalObject,
  optionalSpanId,
  optionalString,
  spanId,
  string,
  traceId,
} from './json.ts';
import {
  type EnvelopeHeader,
  type SinkLink,
  type SinkSpan,
  type SinkTransaction,
  serviceName,
} from './model.ts';
import { flattenAttributes, spanKind, timeRange } from './sentry-attributes.ts';

/** A span of a v2 container. https://develop.sentry.dev/sdk/telemetry/spans/span-protocol/ */
export function streamedSpan(value: unknown, envelope: EnvelopeHeader): SinkSpan {
  const raw = object(value, 'span');
  const name = string(raw.name, 'name of a span');
  const what = `span "${name}"`;
  const attributes = flattenAttributes(raw.attributes, what);
  const status = string(raw.status, `status of ${what}`);
  return {
    source: 'sentry',
    format: 'span-v2',
    traceId: traceId(raw.trace_id, `trace_id of ${what}`),
    spanId: spanId(raw.span_id, `span_id of ${what}`),
    parentSpanId: optionalSpanId(raw.parent_span_id, `parent_span_id of ${what}`),
    name,
    kind: spanKind(attributes),
    ...timeRange(raw.start_timestamp, raw.end_timestamp, what),
    status: status === 'ok' ? 'ok' : 'error',
    statusMessage: optionalString(attributes['sentry.status.message'], `status message of ${what}`),
    attributes,
    links: list(raw.links, `links of ${what}`).map((link) => spanLink(link, what, flattenAttributes)),
    events: [],
    service: serviceName(attributes),
    resource: {},
    isSegment: boolean(raw.is_segment, `is_segment of ${what}`),
    dsc: envelope.dsc,
    envelope,
    raw,
  };
}

/** A span with an item of its own, as SDKs before v2 send it. */
export function standaloneSpan(value: unknown, envelope: EnvelopeHeader): SinkSpan {
  const raw = object(value, 'span');
  return plainSpan(raw, envelope, {
    format: 'span-v1',
    name: optionalString(raw.description, 'description of a span') ?? '',
    isSegment: raw.is_segment === true,
    resource: {},
  });
}

/** A transaction with its spans. https://develop.sentry.dev/sdk/foundations/transport/event-payloads/transaction/ */
export function transaction(value: unknown, envelope: EnvelopeHeader): SinkTransaction {
  const raw = object(value, 'transaction');
  const name = string(raw.transaction, 'transaction of a transaction');
  const what = `transaction "${name}"`;
  const contexts = optionalObject(raw.contexts, `contexts of ${what}`);
  const trace = object(contexts.trace, `contexts.trace of ${what}`);
  const otel = optionalObject(contexts.otel, `contexts.otel of ${what}`);
  const resource = optionalObject(otel.resource, `contexts.otel.resource of ${what}`);
  const root = plainSpan(
    { ...trace, start_timestamp: raw.start_timestamp, timestamp: raw.timestamp },
    envelope,
    {
      format: 'transaction',
      name,
      isSegment: true,
      resource,
    },
  );
  const children = list(raw.spans, `spans of ${what}`).map((child) => {
    const span = object(child, `span of ${what}`);
    const description = optionalString(span.description, `description of a span of ${what}`);
    return plainSpan(span, envelope, {
      format: 'transaction',
      name: description ?? '',
      isSegment: false,
      resource,
    });
  });
  const info = optionalObject(raw.transaction_info, `transaction_info of ${what}`);
  return {
    source: 'sentry',
    eventId: string(raw.event_id, `event_id of ${what}`),
    name,
    nameSource: optionalString(info.source, `transaction_info.source of ${what}`),
    op: optionalString(trace.op, `op of ${what}`),
    traceId: root.traceId,
    spanId: root.spanId,
    spans: [root, ...children],
    tags: optionalObject(raw.tags, `tags of ${what}`),
    contexts,
    release: optionalString(raw.release, `release of ${what}`),
    environment: optionalString(raw.environment, `environment of ${what}`),
    dsc: envelope.dsc,
    envelope,
    raw,
  };
}

type Placement = Pick<SinkSpan, 'format' | 'name' | 'isSegment' | 'resource'>;

/** The form that standalone spans, a transaction's spans and its trace context share. */
function plainSpan(raw: JsonObject, envelope: EnvelopeHeader, placement: Placement): SinkSpan {
  const what = `span "${placement.name}"`;
  const data = optionalObject(raw.data, `data of ${what}`);
  const op = optionalString(raw.op, `op of ${what}`);
  const origin = optionalString(raw.origin, `origin of ${what}`);
  const attributes = {
    ...(op !== undefined && { 'sentry.op': op }),
    ...(origin !== undefined && { 'sentry.origin': origin }),
    ...data,
  };
  return {
    source: 'sentry',
    ...placement,
    traceId: traceId(raw.trace_id, `trace_id of ${what}`),
    spanId: spanId(raw.span_id, `span_id of ${what}`),
    parentSpanId: optionalSpanId(raw.parent_span_id, `parent_span_id of ${what}`),
    kind: spanKind(attributes),
    ...timeRange(raw.start_timestamp, raw.timestamp, what),
    ...plainStatus(optionalString(raw.status, `status of ${what}`)),
    attributes,
    links: list(raw.links, `links of ${what}`).map((link) => spanLink(link, what, optionalObject)),
    events: [],
    service: serviceName(attributes) ?? serviceName(placement.resource),
    dsc: envelope.dsc,
    envelope,
    raw,
  };
}

function plainStatus(status: string | undefined): Pick<SinkSpan, 'status' | 'statusMessage'> {
  if (status === undefined) return { status: 'unset', statusMessage: undefined };
  if (status === 'ok') return { status: 'ok', statusMessage: undefined };
  return { status: 'error', statusMessage: status };
}

function spanLink(
  value: unknown,
  of: string,
  attributes: (value: unknown, what: string) => JsonObject,
): SinkLink {
  const what = `link of ${of}`;
  const link = object(value, what);
  return {
    traceId: traceId(link.trace_id, `trace_id of ${what}`),
    spanId: spanId(link.span_id, `span_id of ${what}`),
    attributes: attributes(link.attributes, what),
    sampled: typeof link.sampled === 'boolean' ? link.sampled : undefined,
  };
}
