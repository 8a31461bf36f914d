import type { IExportLogsServiceResponse, ISerializer } from '@opentelemetry/otlp-transformer';
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { type BatchLimits, OtlpBatch } from './otlp-batch.ts';
import type { OtlpHttpClient } from './otlp-http-client.ts';

export type LogsSerializer = ISerializer<ReadableLogRecord[], IExportLogsServiceResponse>;

/** The specification's; `OTEL_BLRP_*` change them. https://opentelemetry.io/docs/specs/otel/logs/sdk/#batching-processor */
const DEFAULTS: BatchLimits = {
  maxQueueSize: 2_048,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 1_000,
  exportTimeoutMillis: 30_000,
};

/** Exports log records in batches. */
export class OtlpLogRecordProcessor
  extends OtlpBatch<ReadableLogRecord, IExportLogsServiceResponse>
  implements LogRecordProcessor
{
  constructor(client: OtlpHttpClient, serializer: LogsSerializer, limits: Partial<BatchLimits> = {}) {
    super(
      client,
      {
        items: 'log records',
        limitedBy: 'OTEL_BLRP_MAX_QUEUE_SIZE',
        serializer,
        rejectedIn: ({ partialSuccess }) => ({
          count: partialSuccess?.rejectedLogRecords ?? 0,
          message: partialSuccess?.errorMessage,
        }),
      },
      { ...DEFAULTS, ...limits },
    );
  }

  onEmit(record: ReadableLogRecord): void {
    this.add(record);
  }
}
