import { getStringFromEnv, parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import type { BatchLimits } from './otlp-batch.ts';
import { OtlpHttpClient } from './otlp-http-client.ts';
import { type LogsSerializer, OtlpLogRecordProcessor } from './otlp-log-record-processor.ts';
import { type MetricReaderOptions, type MetricsSerializer, OtlpMetricReader } from './otlp-metric-reader.ts';
import { OtlpSpanProcessor, type TraceSerializer } from './otlp-span-processor.ts';

export interface OtlpExportOptions {
  readonly protocol: 'http/protobuf' | 'http/json';
  /** `OTEL_BSP_*`, for logs `OTEL_BLRP_*`; what is absent is at the specification's default. */
  readonly batch?: Partial<BatchLimits>;
  /** `product/version`, for the header of that name. */
  readonly userAgent?: string;
}

interface Protocol {
  readonly contentType: string;
  readonly traces: TraceSerializer;
  readonly metrics: MetricsSerializer;
  readonly logs: LogsSerializer;
}

const PROTOCOLS: Readonly<Record<OtlpExportOptions['protocol'], Protocol>> = {
  'http/protobuf': {
    contentType: 'application/x-protobuf',
    traces: ProtobufTraceSerializer,
    metrics: ProtobufMetricsSerializer,
    logs: ProtobufLogsSerializer,
  },
  'http/json': {
    contentType: 'application/json',
    traces: JsonTraceSerializer,
    metrics: JsonMetricsSerializer,
    logs: JsonLogsSerializer,
  },
};

/**
 * Export of spans by OTLP/HTTP that the end of the process can complete. Endpoint, headers, compression, timeout and
 * certificates come from `OTEL_EXPORTER_OTLP_*`, read by OpenTelemetry's own code.
 *
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 * @throws where a variable has a value that OpenTelemetry's exporter would throw for.
 */
export function createOtlpExport(options: OtlpExportOptions): OtlpSpanProcessor {
  const { traces } = PROTOCOLS[options.protocol];
  return new OtlpSpanProcessor(createClient('TRACES', options), traces, options.batch);
}

/** As {@link createOtlpExport}, of log records. */
export function createOtlpLogExport(options: OtlpExportOptions): OtlpLogRecordProcessor {
  const { logs } = PROTOCOLS[options.protocol];
  return new OtlpLogRecordProcessor(createClient('LOGS', options), logs, options.batch);
}

/** As {@link createOtlpExport}, of metrics. */
export function createOtlpMetricExport(
  options: Omit<OtlpExportOptions, 'batch'> & MetricReaderOptions,
): OtlpMetricReader {
  const { metrics } = PROTOCOLS[options.protocol];
  return new OtlpMetricReader(createClient('METRICS', options), metrics, options);
}

function createClient(
  signal: 'TRACES' | 'METRICS' | 'LOGS',
  { protocol, userAgent }: Pick<OtlpExportOptions, 'protocol' | 'userAgent'>,
): OtlpHttpClient {
  const required = {
    'Content-Type': PROTOCOLS[protocol].contentType,
    ...(userAgent !== undefined && { 'User-Agent': userAgent }),
  };
  const configuration = convertLegacyHttpOptions({}, signal, `v1/${signal.toLowerCase()}`, required);
  const headers = {
    ...headersFrom('OTEL_EXPORTER_OTLP_HEADERS'),
    ...headersFrom(`OTEL_EXPORTER_OTLP_${signal}_HEADERS`),
    ...required,
  };
  return new OtlpHttpClient({ ...configuration, headers });
}

/** The configuration has them too, but asynchronously: an application that ends at once would go without. */
function headersFrom(variable: string): Record<string, string> {
  return parseKeyPairsIntoRecord(getStringFromEnv(variable));
}
