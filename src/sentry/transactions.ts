import type { Client, SpanJSON, TransactionEvent, TransactionSource } from '@sentry/core';
import type { ReadableSpan } from '../opentelemetry/sdk-interfaces.ts';
import { core } from './sdk.ts';
import type { SentrySpan, SpanOutlet } from './span-outlet.ts';
import { staticSpanJson } from './static-span.ts';

/** What Sentry takes in one transaction. */
const MAX_SPANS = 1_000;
/** How long a transaction waits for spans that are still running when its root ends. */
const MAX_WAIT_MS = 10_000;

/** A local tree of spans, from its root's start until it is sent. */
class Segment {
  readonly spans: SpanJSON[] = [];
  /** Spans that have started and not ended. */
  open = 0;
  root: (SentrySpan & ReadableSpan) | undefined;
  timer: NodeJS.Timeout | undefined;
  sent = false;
}

/**
 * A transaction for each local tree of spans (`traceLifecycle: 'static'`), for Sentry servers that don't know streamed
 * spans, and for `beforeSendTransaction` and `ignoreTransactions`. It is sent when its last span has ended, 10 s after
 * its root at the latest; a span that ends even later is a transaction of its own.
 *
 * @see https://develop.sentry.dev/sdk/data-model/event-payloads/transaction/
 */
export class Transactions implements SpanOutlet {
  readonly #client: Client;
  readonly #segments = new WeakMap<object, Segment>();
  /** Those whose root has ended. */
  readonly #waiting = new Set<Segment>();

  constructor(client: Client) {
    this.#client = client;
    client.on('flush', () => this.drain());
  }

  started(_span: SentrySpan, root: SentrySpan): void {
    this.#segmentOf(root).open++;
  }

  ended(span: SentrySpan & ReadableSpan, root: SentrySpan): void {
    const segment = this.#segmentOf(root);
    segment.open--;
    if (segment.sent) {
      this.#send(span, []);
      return;
    }
    if (span === root) {
      segment.root = span;
      this.#waiting.add(segment);
      segment.timer = setTimeout(() => this.#finish(segment), MAX_WAIT_MS).unref();
    } else if (segment.spans.length < MAX_SPANS) {
      segment.spans.push(staticSpanJson(span));
    } else {
      this.#client.recordDroppedEvent('buffer_overflow', 'span');
    }
    if (segment.root !== undefined && segment.open <= 0) this.#finish(segment);
  }

  drain(): void {
    for (const segment of this.#waiting) this.#finish(segment);
  }

  #segmentOf(root: SentrySpan): Segment {
    let segment = this.#segments.get(root);
    if (segment === undefined) {
      segment = new Segment();
      this.#segments.set(root, segment);
    }
    return segment;
  }

  #finish(segment: Segment): void {
    this.#waiting.delete(segment);
    clearTimeout(segment.timer);
    segment.sent = true;
    if (segment.root !== undefined) this.#send(segment.root, segment.spans.splice(0));
  }

  #send(root: SentrySpan & ReadableSpan, spans: SpanJSON[]): void {
    const { scope, isolationScope } = core.getCapturedScopesOnSpan(root);
    const { description = '', start_timestamp, timestamp, ...trace } = staticSpanJson(root);
    const source = trace.data['sentry.segment.name.source'] ?? 'custom';
    const event: TransactionEvent = {
      type: 'transaction',
      transaction: description,
      // Its words are Sentry's, put there by `describe`.
      transaction_info: { source: source as TransactionSource },
      start_timestamp,
      ...(timestamp !== undefined && { timestamp }),
      contexts: { trace },
      spans,
      sdkProcessingMetadata: {
        ...(scope !== undefined && { capturedSpanScope: scope }),
        ...(isolationScope !== undefined && { capturedSpanIsolationScope: isolationScope }),
        dynamicSamplingContext: core.getDynamicSamplingContextFromSpan(root),
      },
    };
    this.#client.captureEvent(event, {}, scope);
  }
}
