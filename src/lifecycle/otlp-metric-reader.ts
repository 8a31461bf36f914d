import { diag } from '@opentelemetry/api';
import { globalErrorHandler } from '@opentelemetry/core';
import type { IExportMetricsServiceResponse, ISerializer } from '@opentelemetry/otlp-transformer';
import type {
  AggregationOption,
  AggregationTemporality,
  CollectionResult,
  IMetricReader,
  InstrumentType,
  MetricProducer,
  ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { finishedWithin } from './keep-alive.ts';
import type { OtlpHttpClient } from './otlp-http-client.ts';
import type { Payload, PendingPayloads } from './pending.ts';

export type MetricsSerializer = ISerializer<ResourceMetrics, IExportMetricsServiceResponse>;

/** @see https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp/#additional-environment-variable-configuration */
export type TemporalityPreference = 'cumulative' | 'delta' | 'lowmemory';

export interface MetricReaderOptions {
  readonly temporality: TemporalityPreference;
  readonly intervalMillis: number;
  /** For one collection with its export. */
  readonly timeoutMillis: number;
}

// OpenTelemetry's enums as plain numbers: the preload must not load the metrics SDK with every process.
const DELTA: AggregationTemporality = 0;
const CUMULATIVE: AggregationTemporality = 1;
const DEFAULT_AGGREGATION: AggregationOption = { type: 0 };
/** The specification's. */
const CARDINALITY_LIMIT = 2_000;

const DELTA_INSTRUMENTS: Readonly<Record<TemporalityPreference, ReadonlySet<string>>> = {
  cumulative: new Set(),
  delta: new Set(['COUNTER', 'OBSERVABLE_COUNTER', 'GAUGE', 'OBSERVABLE_GAUGE', 'HISTOGRAM']),
  lowmemory: new Set(['COUNTER', 'HISTOGRAM']),
};

/**
 * The periodic exporting metric reader of OpenTelemetry's specification, joined to an OTLP/HTTP exporter. Unlike
 * OpenTelemetry's own it doesn't hold the process while it exports, and the end of the process can complete it: what
 * was collected last is among what `drainSync` hands over.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/sdk/#periodic-exporting-metricreader
 */
export class OtlpMetricReader implements IMetricReader, PendingPayloads {
  readonly #client: OtlpHttpClient;
  readonly #serializer: MetricsSerializer;
  readonly #options: MetricReaderOptions;
  /** Collected for the end of the process and not sent. */
  readonly #collected: Uint8Array[] = [];
  #producer: MetricProducer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #exporting: Promise<void> | undefined;
  #stopped = false;

  constructor(client: OtlpHttpClient, serializer: MetricsSerializer, options: MetricReaderOptions) {
    this.#client = client;
    this.#serializer = serializer;
    this.#options = options;
  }

  setMetricProducer(producer: MetricProducer): void {
    if (this.#producer !== undefined) throw new Error('This reader has a meter provider already');
    this.#producer = producer;
    this.resume();
  }

  selectAggregation(): AggregationOption {
    return DEFAULT_AGGREGATION;
  }

  selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return DELTA_INSTRUMENTS[this.#options.temporality].has(type) ? DELTA : CUMULATIVE;
  }

  selectCardinalityLimit(): number {
    return CARDINALITY_LIMIT;
  }

  async collect(): Promise<CollectionResult> {
    if (this.#producer === undefined) throw new Error('This reader has no meter provider');
    return await this.#producer.collect({ timeoutMillis: this.#options.timeoutMillis });
  }

  async forceFlush(): Promise<void> {
    await finishedWithin(this.#exportAnew(), this.#options.timeoutMillis);
  }

  async shutdown(): Promise<void> {
    if (this.#stopped) return;
    this.pause();
    this.#stopped = true;
    await this.forceFlush();
  }

  /** Does not wait for a second attempt where the first one failed: nothing says that it will be any better. */
  async flush(timeoutMs: number): Promise<void> {
    await finishedWithin(
      this.#client.hurry(() => this.#exportAnew()),
      timeoutMs,
    );
  }

  async prepare(): Promise<void> {
    this.pause();
    const body = await this.#collectedBody();
    if (body !== undefined) this.#collected.push(body);
  }

  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  resume(): void {
    if (this.#stopped || this.#producer === undefined) return;
    this.#timer ??= setInterval(() => void this.#export(), this.#options.intervalMillis).unref();
    for (const body of this.#collected.splice(0)) void this.#send(body);
  }

  drainSync(): readonly Payload[] {
    this.pause();
    const payloads = this.#client.takeOver();
    for (const body of this.#collected.splice(0)) payloads.push(this.#client.payload(body));
    return payloads;
  }

  /** What is under way was collected before now. */
  async #exportAnew(): Promise<void> {
    await this.#exporting;
    await this.#export();
  }

  /** There is never more than one under way. Never rejects. */
  #export(): Promise<void> {
    this.#exporting ??= this.#exportOnce().finally(() => {
      this.#exporting = undefined;
    });
    return this.#exporting;
  }

  async #exportOnce(): Promise<void> {
    const body = await this.#collectedBody({ withWholeResource: true });
    if (body !== undefined) await this.#send(body);
  }

  /** Settles without any input or output, but for what callbacks of observable instruments do. Never rejects. */
  async #collectedBody({ withWholeResource = false } = {}): Promise<Uint8Array | undefined> {
    try {
      const { resourceMetrics, errors } = await this.collect();
      if (errors.length > 0) diag.error('Some metrics could not be collected', ...errors);
      if (resourceMetrics.scopeMetrics.length === 0) return undefined;
      const { resource } = resourceMetrics;
      if (withWholeResource && resource.asyncAttributesPending) await resource.waitForAsyncAttributes?.();
      return this.#serializer.serializeRequest(resourceMetrics);
    } catch (error) {
      globalErrorHandler(error as Error); // its type is narrower than what it takes
      return undefined;
    }
  }

  async #send(body: Uint8Array): Promise<void> {
    try {
      this.#reportPartialSuccess(await this.#client.send(body));
    } catch (error) {
      globalErrorHandler(error as Error); // as above
    }
  }

  #reportPartialSuccess(answer: Uint8Array): void {
    if (answer.byteLength === 0) return;
    const { partialSuccess } = this.#serializer.deserializeResponse(answer);
    const { rejectedDataPoints = 0, errorMessage } = partialSuccess ?? {};
    if (rejectedDataPoints > 0 || errorMessage) {
      const why = errorMessage ?? 'it did not say why';
      diag.warn(`The OTLP backend rejected ${rejectedDataPoints} data points: ${why}`);
    }
  }
}
