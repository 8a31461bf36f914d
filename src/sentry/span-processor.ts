import { type Span as ApiSpan, type Context, context, SpanKind } from '@opentelemetry/api';
import type { Client } from '@sentry/core';
import type { ReadableSpan, Span, SpanProcessor } from '../opentelemetry/sdk-interfaces.ts';
import { FORCED_SEGMENT, mirroredSpan } from './core-spans.ts';
import { correctDscOf } from './dynamic-sampling-context.ts';
import { scopesForSpan } from './scopes.ts';
import { core } from './sdk.ts';
import { describeSentrySpan } from './span-description.ts';
import type { SentrySpan, SpanOutlet } from './span-outlet.ts';
import { SpanStreaming } from './span-streaming.ts';
import { localParent, localRootOf, sentrySampled, sentryTraceData } from './trace-data.ts';
import { Transactions } from './transactions.ts';

const FLUSH_TIMEOUT_MS = 2_000;

/**
 * Sends every span that Sentry samples to Sentry, as OpenTelemetry made it: same ids, same parents, same links.
 * The span itself is never changed, so other span processors export it as they would without Sentry.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-processor
 */
export class SentrySpanProcessor implements SpanProcessor {
  readonly #client: Client;
  readonly #outlet: SpanOutlet;

  /** @param client Sentry's, started; its `traceLifecycle` says in which form spans are sent. */
  constructor(client: Client) {
    this.#client = client;
    const isStatic = client.getOptions().traceLifecycle === 'static';
    this.#outlet = isStatic ? new Transactions(client) : new SpanStreaming(client);
    correctDscOf(client);
    describeSentrySpan.installOn(client);
  }

  onStart(span: Span, parentContext: Context): void {
    const spanContext = span.spanContext();
    const root = localRootOf(spanContext);
    const parent = localParent(parentContext);
    if (parent === undefined) {
      const rival = sentryTraceData(spanContext)?.rival;
      if (rival !== undefined) span.addLink({ context: rival });
    } else if (parentContext.getValue(FORCED_SEGMENT) !== true) {
      core.addChildSpanToSpan(ofSentry(parent), ofSentry(span));
      this.#noteRoute(span, parent);
    }
    if (sentrySampled(span) !== true) return;

    this.#outlet.started(ofSentry(span), core.getRootSpan(ofSentry(span)));
    const scopes = scopesForSpan(parentContext, context.active(), root);
    core.setCapturedScopesOnSpan(ofSentry(span), scopes.scope, scopes.isolation);
    // A span that mirrors one of Sentry's own was announced by Sentry already.
    if (mirroredSpan(span) === undefined) this.#client.emit('spanStart', ofSentry(span));
  }

  onEnd(span: ReadableSpan): void {
    const ended = span as unknown as ApiSpan & SentrySpan & ReadableSpan;
    if (sentrySampled(ended) !== true) return;
    if (mirroredSpan(ended) === undefined) this.#client.emit('spanEnd', ended);
    this.#outlet.ended(ended, core.getRootSpan(ended));
  }

  /** Hands everything to Sentry's transport and waits for its answers, two seconds at most. */
  async forceFlush(): Promise<void> {
    this.#outlet.drain();
    await this.#client.flush(FLUSH_TIMEOUT_MS);
  }

  /** As `forceFlush`; Sentry's client stays usable for errors. */
  shutdown(): Promise<void> {
    return this.forceFlush();
  }

  /** Frameworks name the route on a span of their own below the server's. */
  #noteRoute(span: Span, parent: ApiSpan): void {
    const route = span.attributes['http.route'];
    const root = localRootOf(parent.spanContext());
    if (typeof route === 'string' && root?.kind === SpanKind.SERVER) root.route ??= route;
  }
}

/** Core's and the SDK's span types describe the same objects and differ in details that nothing here depends on. */
function ofSentry(span: ApiSpan): SentrySpan {
  return span as unknown as SentrySpan;
}
