import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { loadChunk } from '../chunks.ts';
import type { BatchConfig, OpenTelemetryConfig } from '../config/config.ts';

export interface TraceExport {
  readonly spanProcessors: readonly SpanProcessor[];
}

/** The exporters that `OTEL_TRACES_EXPORTER` and `OTEL_EXPORTER_OTLP_*` name, each behind its span processor. */
export function createTraceExport(config: OpenTelemetryConfig): TraceExport {
  const spanProcessors = config.traceExporters.map((name) => {
    if (name === 'console') return new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() });
    return batched(name === 'zipkin' ? zipkinExporter() : otlpExporter(config.otlpProtocol), config.batch);
  });
  return { spanProcessors };
}

function batched(exporter: SpanExporter, limits: BatchConfig): SpanProcessor {
  return new BatchSpanProcessor({ exporter, ...limits });
}

type Exporter<Name extends string> = Readonly<Record<Name, new () => SpanExporter>>;

function zipkinExporter(): SpanExporter {
  const { ZipkinExporter } = loadChunk<Exporter<'ZipkinExporter'>>(
    import.meta.url,
    '@opentelemetry/exporter-zipkin',
  );
  return new ZipkinExporter();
}

function otlpExporter(protocol: OpenTelemetryConfig['otlpProtocol']): SpanExporter {
  if (protocol === 'grpc') {
    const grpc = loadChunk<Exporter<'OTLPTraceExporter'>>(
      import.meta.url,
      '@opentelemetry/exporter-trace-otlp-grpc',
    );
    return new grpc.OTLPTraceExporter();
  }
  const http = loadChunk<Exporter<'OTLPTraceExporter'>>(
    import.meta.url,
    '@opentelemetry/exporter-trace-otlp-proto',
  );
  return new http.OTLPTraceExporter();
}
