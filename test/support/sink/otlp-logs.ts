import { type JsonObject, nonEmptyString, optionalNumber, optionalSpanId, optionalTraceId } from './json.ts';
import { type SinkLog, serviceName } from './model.ts';
import { anyValue, attributesOf, type Origin, unixMilliseconds } from './otlp-values.ts';

export function otlpLog(raw: JsonObject, { source, resource }: Origin): SinkLog {
  return {
    source,
    // The time of the event may be unknown, the time it was observed is always there.
    time:
      unixMilliseconds(raw.timeUnixNano, 'time of a log') ||
      unixMilliseconds(raw.observedTimeUnixNano, 'log'),
    level: nonEmptyString(raw.severityText, 'severityText of a log'),
    severityNumber: optionalNumber(raw.severityNumber, 'severityNumber of a log'),
    body: anyValue(raw.body, 'the body of a log'),
    traceId: optionalTraceId(raw.traceId, 'traceId of a log'),
    spanId: optionalSpanId(raw.spanId, 'spanId of a log'),
    attributes: attributesOf(raw.attributes, 'a log'),
    service: serviceName(resource),
    envelope: undefined,
    raw,
  };
}
