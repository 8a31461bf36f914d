import { type Context, TraceFlags } from '@opentelemetry/api';
import type { IExportTraceServiceResponse, ISerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { type BatchLimits, OtlpBatch } from './otlp-batch.ts';
import type { OtlpHttpClient } from './otlp-http-client.ts';

export type TraceSerializer = ISerializer<ReadableSpan[], IExportTraceServiceResponse>;

/** The specification's; `OTEL_BSP_*` change them. */
const DEFAULTS: BatchLimits = {
  maxQueueSize: 2_048,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 5_000,
  exportTimeoutMillis: 30_000,
};

/** Exports sampled spans in batches. */
export class OtlpSpanProcessor
  extends OtlpBatch<ReadableSpan, IExportTraceServiceResponse>
  implements SpanProcessor
{
  constructor(client: OtlpHttpClient, serializer: TraceSerializer, limits: Partial<BatchLimits> = {}) {
    super(
      client,
      {
        items: 'spans',
        limitedBy: 'OTEL_BSP_MAX_QUEUE_SIZE',
        serializer,
        rejectedIn: ({ partialSuccess }) => ({
          count: partialSuccess?.rejectedSpans ?? 0,
          message: partialSuccess?.errorMessage,
        }),
      },
      { ...DEFAULTS, ...limits },
    );
  }

  onStart(_span: Span, _parentContext: Context): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.add(span);
  }
}
