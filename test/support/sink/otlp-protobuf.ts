/**
 * The fields of OTLP's export requests, less those that nothing here reads (exemplars, schema URLs).
 * https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
 */

import { field, repeated, type Schema } from './protobuf.ts';

const AnyValue: Schema = {
  1: field('stringValue', 'string'),
  2: field('boolValue', 'bool'),
  3: field('intValue', 'int64'),
  4: field('doubleValue', 'double'),
  5: field('arrayValue', () => ArrayValue),
  6: field('kvlistValue', () => KeyValueList),
  7: field('bytesValue', 'bytes'),
};
const ArrayValue: Schema = { 1: repeated('values', () => AnyValue) };
const KeyValue: Schema = { 1: field('key', 'string'), 2: field('value', () => AnyValue) };
const KeyValueList: Schema = { 1: repeated('values', () => KeyValue) };

const Resource: Schema = { 1: repeated('attributes', () => KeyValue) };
const InstrumentationScope: Schema = {
  1: field('name', 'string'),
  2: field('version', 'string'),
  3: repeated('attributes', () => KeyValue),
};

const Event: Schema = {
  1: field('timeUnixNano', 'fixed64'),
  2: field('name', 'string'),
  3: repeated('attributes', () => KeyValue),
  4: field('droppedAttributesCount', 'uint32'),
};
const Link: Schema = {
  1: field('traceId', 'hex'),
  2: field('spanId', 'hex'),
  3: field('traceState', 'string'),
  4: repeated('attributes', () => KeyValue),
  5: field('droppedAttributesCount', 'uint32'),
  6: field('flags', 'fixed32'),
};
const Status: Schema = { 2: field('message', 'string'), 3: field('code', 'int32') };
const Span: Schema = {
  1: field('traceId', 'hex'),
  2: field('spanId', 'hex'),
  3: field('traceState', 'string'),
  4: field('parentSpanId', 'hex'),
  5: field('name', 'string'),
  6: field('kind', 'int32'),
  7: field('startTimeUnixNano', 'fixed64'),
  8: field('endTimeUnixNano', 'fixed64'),
  9: repeated('attributes', () => KeyValue),
  10: field('droppedAttributesCount', 'uint32'),
  11: repeated('events', () => Event),
  12: field('droppedEventsCount', 'uint32'),
  13: repeated('links', () => Link),
  14: field('droppedLinksCount', 'uint32'),
  15: field('status', () => Status),
  16: field('flags', 'fixed32'),
};
const ScopeSpans: Schema = {
  1: field('scope', () => InstrumentationScope),
  2: repeated('spans', () => Span),
};
const ResourceSpans: Schema = {
  1: field('resource', () => Resource),
  2: repeated('scopeSpans', () => ScopeSpans),
};

const LogRecord: Schema = {
  1: field('timeUnixNano', 'fixed64'),
  2: field('severityNumber', 'int32'),
  3: field('severityText', 'string'),
  5: field('body', () => AnyValue),
  6: repeated('attributes', () => KeyValue),
  7: field('droppedAttributesCount', 'uint32'),
  8: field('flags', 'fixed32'),
  9: field('traceId', 'hex'),
  10: field('spanId', 'hex'),
  11: field('observedTimeUnixNano', 'fixed64'),
  12: field('eventName', 'string'),
};
const ScopeLogs: Schema = {
  1: field('scope', () => InstrumentationScope),
  2: repeated('logRecords', () => LogRecord),
};
const ResourceLogs: Schema = {
  1: field('resource', () => Resource),
  2: repeated('scopeLogs', () => ScopeLogs),
};

const NumberDataPoint: Schema = {
  2: field('startTimeUnixNano', 'fixed64'),
  3: field('timeUnixNano', 'fixed64'),
  4: field('asDouble', 'double'),
  6: field('asInt', 'sfixed64'),
  7: repeated('attributes', () => KeyValue),
};
const HistogramDataPoint: Schema = {
  2: field('startTimeUnixNano', 'fixed64'),
  3: field('timeUnixNano', 'fixed64'),
  4: field('count', 'fixed64'),
  5: field('sum', 'double'),
  6: repeated('bucketCounts', 'fixed64'),
  7: repeated('explicitBounds', 'double'),
  9: repeated('attributes', () => KeyValue),
  11: field('min', 'double'),
  12: field('max', 'double'),
};
const Buckets: Schema = { 1: field('offset', 'sint32'), 2: repeated('bucketCounts', 'uint64') };
const ExponentialHistogramDataPoint: Schema = {
  1: repeated('attributes', () => KeyValue),
  2: field('startTimeUnixNano', 'fixed64'),
  3: field('timeUnixNano', 'fixed64'),
  4: field('count', 'fixed64'),
  5: field('sum', 'double'),
  6: field('scale', 'sint32'),
  7: field('zeroCount', 'fixed64'),
  8: field('positive', () => Buckets),
  9: field('negative', () => Buckets),
  12: field('min', 'double'),
  13: field('max', 'double'),
};
const ValueAtQuantile: Schema = { 1: field('quantile', 'double'), 2: field('value', 'double') };
const SummaryDataPoint: Schema = {
  2: field('startTimeUnixNano', 'fixed64'),
  3: field('timeUnixNano', 'fixed64'),
  4: field('count', 'fixed64'),
  5: field('sum', 'double'),
  6: repeated('quantileValues', () => ValueAtQuantile),
  7: repeated('attributes', () => KeyValue),
};

const points = (schema: Schema): Schema => ({
  1: repeated('dataPoints', () => schema),
  2: field('aggregationTemporality', 'int32'),
  3: field('isMonotonic', 'bool'),
});
const Gauge = points(NumberDataPoint);
const Sum = points(NumberDataPoint);
const Histogram = points(HistogramDataPoint);
const ExponentialHistogram = points(ExponentialHistogramDataPoint);
const Summary = points(SummaryDataPoint);
const Metric: Schema = {
  1: field('name', 'string'),
  2: field('description', 'string'),
  3: field('unit', 'string'),
  5: field('gauge', () => Gauge),
  7: field('sum', () => Sum),
  9: field('histogram', () => Histogram),
  10: field('exponentialHistogram', () => ExponentialHistogram),
  11: field('summary', () => Summary),
};
const ScopeMetrics: Schema = {
  1: field('scope', () => InstrumentationScope),
  2: repeated('metrics', () => Metric),
};
const ResourceMetrics: Schema = {
  1: field('resource', () => Resource),
  2: repeated('scopeMetrics', () => ScopeMetrics),
};

export const ExportTraceServiceRequest: Schema = { 1: repeated('resourceSpans', () => ResourceSpans) };
export const ExportLogsServiceRequest: Schema = { 1: repeated('resourceLogs', () => ResourceLogs) };
export const ExportMetricsServiceRequest: Schema = { 1: repeated('resourceMetrics', () => ResourceMetrics) };
