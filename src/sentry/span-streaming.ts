import type { Client } from '@sentry/core';
import type { ReadableSpan } from '../opentelemetry/sdk-interfaces.ts';
import { core } from './sdk.ts';
import { describeSentrySpan } from './span-description.ts';
import type { SentrySpan, SpanOutlet } from './span-outlet.ts';

/** A trace's spans wait this long for their siblings after a segment ended, so that they share an envelope. */
const FLUSH_AFTER_SEGMENT_MS = 500;

/**
 * Spans as they end (`traceLifecycle: 'stream'`): one span-v2 envelope for each trace, with the trace's DSC in its
 * header (Relay rejects spans without it, and of another trace), at most 1,000 spans each.
 */
export class SpanStreaming implements SpanOutlet {
  readonly #client: Client;
  readonly #buffer: InstanceType<typeof core.SpanBuffer>;

  constructor(client: Client) {
    this.#client = client;
    this.#buffer = new core.SpanBuffer(client);
    client.on('flushTraceSpans', (traceId) => this.#buffer.flush(traceId));
  }

  started(): void {
    // A span is sent when it ends.
  }

  ended(span: SentrySpan & ReadableSpan, root: SentrySpan): void {
    describeSentrySpan.during(span, () => this.#buffer.add(core.captureSpan(span, this.#client)));
    if (root !== span) return;
    const { traceId } = span.spanContext();
    setTimeout(() => this.#buffer.flush(traceId), FLUSH_AFTER_SEGMENT_MS).unref();
  }

  drain(): void {
    this.#buffer.drain();
  }
}
