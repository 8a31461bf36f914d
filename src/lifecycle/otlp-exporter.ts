import { getStringFromEnv, parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { OtlpHttpClient } from './otlp-http-client.ts';
import { type BatchLimits, OtlpSpanProcessor, type TraceSerializer } from './otlp-span-processor.ts';

export interface OtlpExportOptions {
  readonly protocol: 'http/protobuf' | 'http/json';
  /** `OTEL_BSP_*`; what is absent is at the specification's default. */
  readonly batch?: BatchLimits;
  /** `product/version`, for the header of that name. */
  readonly userAgent?: string;
}

const PROTOCOLS: Readonly<
  Record<OtlpExportOptions['protocol'], { serializer: TraceSerializer; contentType: string }>
> = {
  'http/protobuf': { serializer: ProtobufTraceSerializer, contentType: 'application/x-protobuf' },
  'http/json': { serializer: JsonTraceSerializer, contentType: 'application/json' },
};

/**
 * Export of spans by OTLP/HTTP that the end of the process can complete. Endpoint, headers, compression, timeout and
 * certificates come from `OTEL_EXPORTER_OTLP_*`, read by OpenTelemetry's own code.
 *
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 * @throws where a variable has a value that OpenTelemetry's exporter would throw for.
 */
export function createOtlpExport({ protocol, batch, userAgent }: OtlpExportOptions): OtlpSpanProcessor {
  const { serializer, contentType } = PROTOCOLS[protocol];
  const required = {
    'Content-Type': contentType,
    ...(userAgent !== undefined && { 'User-Agent': userAgent }),
  };
  const configuration = convertLegacyHttpOptions({}, 'TRACES', 'v1/traces', required);
  const headers = {
    ...headersFrom('OTEL_EXPORTER_OTLP_HEADERS'),
    ...headersFrom('OTEL_EXPORTER_OTLP_TRACES_HEADERS'),
    ...required,
  };
  return new OtlpSpanProcessor(new OtlpHttpClient({ ...configuration, headers }), serializer, batch);
}

/** The configuration has them too, but asynchronously: an application that ends at once would go without. */
function headersFrom(variable: string): Record<string, string> {
  return parseKeyPairsIntoRecord(getStringFromEnv(variable));
}
