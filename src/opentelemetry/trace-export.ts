import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { loadChunk } from '../chunks.ts';
import type { OpenTelemetryConfig } from '../config/config.ts';
import { createOtlpExport } from '../lifecycle/otlp-exporter.ts';
import type { AsynchronousPending, PendingPayloads } from '../lifecycle/pending.ts';

export interface TraceExport {
  readonly spanProcessors: readonly SpanProcessor[];
  /** Exporters that the end of the process can empty synchronously. */
  readonly pending: readonly PendingPayloads[];
  /** The others, which it has to wait for. */
  readonly asynchronous: readonly AsynchronousPending[];
}

/** The exporters that `OTEL_TRACES_EXPORTER` and `OTEL_EXPORTER_OTLP_*` name, each behind its span processor. */
export function createTraceExport({ traceExporters, otlpProtocol, batch }: OpenTelemetryConfig): TraceExport {
  const spanProcessors: SpanProcessor[] = [];
  const pending: PendingPayloads[] = [];
  const asynchronous: AsynchronousPending[] = [];
  for (const name of traceExporters) {
    if (name === 'console') {
      spanProcessors.push(new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() }));
    } else if (name === 'otlp' && otlpProtocol !== 'grpc') {
      const otlp = createOtlpExport({ protocol: otlpProtocol, batch });
      spanProcessors.push(otlp);
      pending.push(otlp);
    } else {
      const batched = new BatchSpanProcessor({
        exporter: name === 'zipkin' ? zipkin() : otlpGrpc(),
        ...batch,
      });
      spanProcessors.push(batched);
      asynchronous.push({ pending: true, flush: () => batched.forceFlush() });
    }
  }
  return { spanProcessors, pending, asynchronous };
}

type Exporter<Name extends string> = Readonly<Record<Name, new () => SpanExporter>>;

function zipkin(): SpanExporter {
  const { ZipkinExporter } = loadChunk<Exporter<'ZipkinExporter'>>(
    import.meta.url,
    '@opentelemetry/exporter-zipkin',
  );
  return new ZipkinExporter();
}

function otlpGrpc(): SpanExporter {
  const grpc = loadChunk<Exporter<'OTLPTraceExporter'>>(
    import.meta.url,
    '@opentelemetry/exporter-trace-otlp-grpc',
  );
  return new grpc.OTLPTraceExporter();
}
