import { diag } from '@opentelemetry/api';
import { globalErrorHandler } from '@opentelemetry/core';
import type { ISerializer } from '@opentelemetry/otlp-transformer';
import type { Resource } from '@opentelemetry/resources';
import { finishedWithin } from './keep-alive.ts';
import type { OtlpHttpClient } from './otlp-http-client.ts';
import type { Payload, PendingPayloads } from './pending.ts';

/** What a batch is made of and how it is sent. */
export interface OtlpSignal<Item, Answer> {
  /** For messages, e.g. `spans`. */
  readonly items: string;
  /** The variable that limits the queue. */
  readonly limitedBy: string;
  readonly serializer: ISerializer<Item[], Answer>;
  /** What an answer of partial success says. */
  readonly rejectedIn: (answer: Answer) => { readonly count: number; readonly message: string | undefined };
}

/** In milliseconds and items. */
export interface BatchLimits {
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
}

/**
 * The batching of OpenTelemetry's specification, joined to an OTLP/HTTP exporter.
 *
 * OpenTelemetry's own batching processors can't be used: each export holds the process for up to 30 s by a timer that
 * counts, and what is in their queue is out of reach when only synchronous work is left (they wait for resource
 * attributes in between).
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#batching-processor
 */
export abstract class OtlpBatch<Item extends { readonly resource: Resource }, Answer>
  implements PendingPayloads
{
  readonly #client: OtlpHttpClient;
  readonly #signal: OtlpSignal<Item, Answer>;
  readonly #limits: BatchLimits;
  readonly #queue: Item[] = [];
  #timer: NodeJS.Timeout | undefined;
  #exporting: Promise<void> | undefined;
  #dropped = 0;
  #paused = false;
  #stopped = false;

  constructor(client: OtlpHttpClient, signal: OtlpSignal<Item, Answer>, limits: BatchLimits) {
    this.#client = client;
    this.#signal = signal;
    const maxExportBatchSize = Math.min(limits.maxExportBatchSize, limits.maxQueueSize);
    this.#limits = { ...limits, maxExportBatchSize };
  }

  protected add(item: Item): void {
    if (this.#stopped) return;
    if (this.#queue.length >= this.#limits.maxQueueSize) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      const { items, limitedBy } = this.#signal;
      diag.warn(`Dropped ${this.#dropped} ${items}: more than ${limitedBy} waited to be exported`);
      this.#dropped = 0;
    }
    this.#queue.push(item);
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

  #nextBatch(): Item[] {
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
      // They stay in the queue meanwhile: when the process ends, they go out with the attributes there are.
      if (resource?.asyncAttributesPending) await resource.waitForAsyncAttributes?.();
      if (this.#paused) return;
      const body = this.#serialize(this.#nextBatch());
      if (body !== undefined) this.#reportPartialSuccess(await this.#client.send(body));
    } catch (error) {
      globalErrorHandler(error as Error); // its type is narrower than what it takes
    }
  }

  #serialize(batch: Item[]): Uint8Array | undefined {
    try {
      return this.#signal.serializer.serializeRequest(batch);
    } catch (error) {
      diag.error(`${batch.length} ${this.#signal.items} can't be serialised`, error);
      return undefined;
    }
  }

  #reportPartialSuccess(answer: Uint8Array): void {
    if (answer.byteLength === 0) return;
    const { serializer, items, rejectedIn } = this.#signal;
    const { count, message } = rejectedIn(serializer.deserializeResponse(answer));
    if (count > 0 || message) {
      diag.warn(`The OTLP backend rejected ${count} ${items}: ${message ?? 'it did not say why'}`);
    }
  }
}
