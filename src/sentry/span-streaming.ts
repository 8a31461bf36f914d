import type { Client, Integration } from '@sentry/core';
import { core } from './sdk.ts';

/** What `captureSpan` makes of a span: its JSON for Sentry and its segment. */
type CapturedSpan = ReturnType<typeof core.captureSpan>;

/** A trace's spans wait this long for their siblings after a segment ended, so that they share an envelope. */
const FLUSH_AFTER_SEGMENT_MS = 500;

/**
 * The buffer between the span processor and Sentry's transport: one span-v2 envelope for each trace, with the trace's
 * DSC in its header (Relay rejects spans without it, and of another trace), at most 1,000 spans each.
 *
 * It takes the place of Sentry's own integration of the same name, which would send Sentry's spans a second time.
 */
export class SpanStreaming implements Integration {
  readonly name = 'SpanStreaming';
  #buffer: InstanceType<typeof core.SpanBuffer> | undefined;

  setup(client: Client): void {
    const buffer = new core.SpanBuffer(client);
    this.#buffer = buffer;
    client.on('flushTraceSpans', (traceId) => buffer.flush(traceId));
  }

  add(span: CapturedSpan): void {
    this.#buffer?.add(span);
  }

  segmentEnded(traceId: string): void {
    setTimeout(() => this.#buffer?.flush(traceId), FLUSH_AFTER_SEGMENT_MS).unref();
  }

  /** Hands everything buffered to the transport, synchronously. */
  drain(): void {
    this.#buffer?.drain();
  }
}
