import { type Context, diag, TraceFlags } from '@opentelemetry/api';
import { globalErrorHandler } from '@opentelemetry/core';
import type { IExportTraceServiceResponse, ISerializer } from '@opentelemetry/otlp-transformer';
import type { BatchSpanProcessorOptions, ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import { finishedWithin } from './keep-alive.ts';
import type { OtlpHttpClient } from './otlp-http-client.ts';
import type { Payload, PendingPayloads } from './pending.ts';

export type BatchLimits = Readonly<
  Pick<
    BatchSpanProcessorOptions,
    'maxQueueSize' | 'maxExportBatchSize' | 'scheduledDelayMillis' | 'exportTimeoutMillis'
  >
>;

/** The specification's; `OTEL_BSP_*` change them. */
const DEFAULTS = {
  maxQueueSize: 2_048,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 5_000,
  exportTimeoutMillis: 30_000,
} as const;

export type TraceSerializer = ISerializer<ReadableSpan[], IExportTraceServiceResponse>;

/**
 * The batching span processor of OpenTelemetry's specification, joined to an OTLP/HTTP exporter.
 *
 * OpenTelemetry's own can't be used: each export holds the process for up to 30 s by a timer that counts, and spans in
 * its queue are out of reach when only synchronous work is left (it waits for resource attributes in between).
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#batching-processor
 */
export class OtlpSpanProcessor implements SpanProcessor, PendingPayloads {
  readonly #client: OtlpHttpClient;
  readonly #serializer: TraceSerializer;
  readonly #limits: Readonly<Required<BatchLimits>>;
  readonly #queue: ReadableSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #exporting: Promise<void> | undefined;
  #dropped = 0;
  #paused = false;
  #stopped = false;

  constructor(client: OtlpHttpClient, serializer: TraceSerializer, limits: BatchLimits = {}) {
    this.#client = client;
    this.#serializer = serializer;
    const all = { ...DEFAULTS, ...limits };
    this.#limits = { ...all, maxExportBatchSize: Math.min(all.maxExportBatchSize, all.maxQueueSize) };
  }

  onStart(_span: Span, _parentContext: Context): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#stopped || (span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#queue.length >= this.#limits.maxQueueSize) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      diag.warn(`Dropped ${this.#dropped} spans: more than OTEL_BSP_MAX_QUEUE_SIZE waited to be exported`);
      this.#dropped = 0;
    }
    this.#queue.push(span);
    this.#schedule();
  }

  async forceFlush(): Promise<void> {
    await finishedWithin(this.#emptied(), this.#limits.exportTimeoutMillis);
  }

  async shutdown(): Promise<void> {
    this.#stopped = true;
    await this.forceFlush();
  }

  /** Does not wait for a second attempt where the first one failed: nothing says that it will be any better. */
  async flush(timeoutMs: number): Promise<void> {
    await finishedWithin(
      this.#client.hurry(() => this.#emptied()),
      timeoutMs,
    );
  }

  pause(): void {
    this.#paused = true;
    this.#clearTimer();
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  drainSync(): readonly Payload[] {
    this.pause();
    const payloads = this.#client.takeOver();
    for (let batch = this.#nextBatch(); batch.length > 0; batch = this.#nextBatch()) {
      const body = this.#serialize(batch);
      if (body !== undefined) payloads.push(this.#client.payload(body));
    }
    return payloads;
  }

  #nextBatch(): ReadableSpan[] {
    return this.#queue.splice(0, this.#limits.maxExportBatchSize);
  }

  #schedule(): void {
    if (this.#paused || this.#exporting !== undefined || this.#queue.length === 0) return;
    if (this.#queue.length >= this.#limits.maxExportBatchSize) void this.#export();
    else this.#timer ??= setTimeout(() => void this.#export(), this.#limits.scheduledDelayMillis).unref();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #emptied(): Promise<void> {
    while (this.#exporting !== undefined || (this.#queue.length > 0 && !this.#paused)) await this.#export();
  }

  /** One batch; there is never more than one under way. Never rejects. */
  #export(): Promise<void> {
    this.#clearTimer();
    this.#exporting ??= this.#exportBatch().finally(() => {
      this.#exporting = undefined;
      this.#schedule();
    });
    return this.#exporting;
  }

  async #exportBatch(): Promise<void> {
    try {
      const resource = this.#queue[0]?.resource;
      // The spans stay in the queue meanwhile: when the process ends, they go out with the attributes there are.
      if (resource?.asyncAttributesPending) await resource.waitForAsyncAttributes?.();
      if (this.#paused) return;
      const body = this.#serialize(this.#nextBatch());
      if (body !== undefined) this.#reportPartialSuccess(await this.#client.send(body));
    } catch (error) {
      globalErrorHandler(error as Error); // its type is narrower than what it takes
    }
  }

  #serialize(batch: ReadableSpan[]): Uint8Array | undefined {
    try {
      return this.#serializer.serializeRequest(batch);
    } catch (error) {
      diag.error(`${batch.length} spans can't be serialised`, error);
      return undefined;
    }
  }

  #reportPartialSuccess(answer: Uint8Array): void {
    if (answer.byteLength === 0) return;
    const { partialSuccess } = this.#serializer.deserializeResponse(answer);
    const { rejectedSpans, errorMessage } = partialSuccess ?? {};
    if (rejectedSpans || errorMessage) {
      diag.warn(
        `The OTLP backend rejected ${rejectedSpans ?? 0} spans: ${errorMessage ?? 'it did not say why'}`,
      );
    }
  }
}
