import {
  DecodeError,
  type JsonObject,
  list,
  nonEmptyString,
  object,
  optionalNumber,
  optionalObject,
  optionalSpanId,
  optionalString,
  spanId,
  traceId,
} from './json.ts';
import { type SinkLink, type SinkSpan, type SinkSpanEvent, type SpanKind, serviceName } from './model.ts';
import { attributesOf, type Origin, unixMilliseconds } from './otlp-values.ts';

const KINDS: readonly (SpanKind | undefined)[] = [
  undefined,
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
];
const STATUSES = ['unset', 'ok', 'error'] as const;

const SAMPLED = 0x1;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/** A span of OTLP. Flags: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
export function otlpSpan(raw: JsonObject, { source, resource }: Origin): SinkSpan {
  const name = optionalString(raw.name, 'name of a span') ?? '';
  const what = `span "${name}"`;
  const status = optionalObject(raw.status, `status of ${what}`);
  const parentSpanId = optionalSpanId(raw.parentSpanId, `parentSpanId of ${what}`);
  const flags = optionalNumber(raw.flags, `flags of ${what}`) ?? 0;
  return {
    source,
    format: 'otlp',
    traceId: traceId(raw.traceId, `traceId of ${what}`),
    spanId: spanId(raw.spanId, `spanId of ${what}`),
    parentSpanId,
    name,
    kind: choice(KINDS, raw.kind, `kind of ${what}`),
    startTime: unixMilliseconds(raw.startTimeUnixNano, `start of ${what}`),
    endTime: unixMilliseconds(raw.endTimeUnixNano, `end of ${what}`),
    status: choice(STATUSES, status.code, `status code of ${what}`),
    statusMessage: nonEmptyString(status.message, `status message of ${what}`),
    attributes: attributesOf(raw.attributes, what),
    links: list(raw.links, `links of ${what}`).map((link) => otlpLink(link, what)),
    events: list(raw.events, `events of ${what}`).map((event) => otlpSpanEvent(event, what)),
    service: serviceName(resource),
    resource,
    isSegment: parentSpanId === undefined || (flags & IS_REMOTE) !== 0,
    dsc: undefined,
    envelope: undefined,
    raw,
  };
}

function otlpLink(value: unknown, of: string): SinkLink {
  const what = `link of ${of}`;
  const link = object(value, what);
  const flags = optionalNumber(link.flags, `flags of ${what}`) ?? 0;
  return {
    traceId: traceId(link.traceId, `traceId of ${what}`),
    spanId: spanId(link.spanId, `spanId of ${what}`),
    attributes: attributesOf(link.attributes, what),
    // Senders from before the flags field leave it 0, which says nothing.
    sampled: (flags & (HAS_IS_REMOTE | SAMPLED)) === 0 ? undefined : (flags & SAMPLED) !== 0,
  };
}

function otlpSpanEvent(value: unknown, of: string): SinkSpanEvent {
  const what = `event of ${of}`;
  const event = object(value, what);
  return {
    name: optionalString(event.name, `name of ${what}`) ?? '',
    time: unixMilliseconds(event.timeUnixNano, `time of ${what}`),
    attributes: attributesOf(event.attributes, what),
  };
}

/** An enum's value by its number; absent is 0. */
function choice<T>(values: readonly T[], value: unknown, what: string): T {
  const index = optionalNumber(value, what) ?? 0;
  if (!Number.isInteger(index) || index < 0 || index >= values.length) {
    throw new DecodeError(`${what} is unknown: ${index}`);
  }
  return values[index] as T; // the range was just checked
}
