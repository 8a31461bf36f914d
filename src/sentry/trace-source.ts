import { type Context, isSpanContextValid, type Span, SpanKind, trace } from '@opentelemetry/api';
import type { Client } from '@sentry/core';
import type { SentryOutgoing, SentrySource } from '../../propagators/propagator.ts';
import { mirroredSpan } from './core-spans.ts';
import { dscMembers, headDsc } from './dynamic-sampling-context.ts';
import { scopesOf } from './scopes.ts';
import { core } from './sdk.ts';
import { sentrySampled, sentryTraceData } from './trace-data.ts';

/** How many URLs' verdicts of `tracePropagationTargets` are remembered. */
const REMEMBERED_TARGETS = 100;

/** Tells the propagator what Sentry's client knows: whose traces to continue and what to send along. */
export class ClientTraceSource implements SentrySource {
  readonly #client: Client;
  readonly #targets = new core.LRUMap<string, boolean>(REMEMBERED_TARGETS);

  constructor(client: Client) {
    this.#client = client;
  }

  mayContinue(orgId: string | undefined): boolean {
    return core.shouldContinueTrace(this.#client, orgId);
  }

  outgoing(context: Context): SentryOutgoing | undefined {
    const span = trace.getSpan(context);
    const spanContext = span?.spanContext();
    if (span === undefined || spanContext === undefined || !isSpanContextValid(spanContext)) {
      return this.#outgoingOfScope(context);
    }
    if (!this.#isTarget(span)) return undefined;
    const data = sentryTraceData(spanContext);
    const { traceId, spanId } = spanContext;
    const dsc = data?.dsc ?? dscMembers(headDsc(traceId, data, rootOf(span), this.#client));
    return { traceId, spanId, sampled: sentrySampled(span), dsc };
  }

  #outgoingOfScope(context: Context): SentryOutgoing {
    const scope = scopesOf(context).current;
    const { traceId, propagationSpanId, sampled, dsc } = scope.getPropagationContext();
    return {
      traceId,
      spanId: propagationSpanId ?? core.generateSpanId(),
      sampled,
      dsc: dscMembers(dsc ?? headDsc(traceId, undefined, undefined, this.#client)),
    };
  }

  /** `tracePropagationTargets`, for spans that call a URL; a server's own URL is none. */
  #isTarget(span: Span): boolean {
    const targets = this.#client.getOptions().tracePropagationTargets;
    if (targets === undefined) return true;
    // An SDK's span, or one that is not recorded and has neither.
    const { attributes, kind } = span as Span & { attributes?: Record<string, unknown>; kind?: SpanKind };
    if (kind !== undefined && kind !== SpanKind.CLIENT) return true;
    const url =
      attributes?.['url.full'] ?? attributes?.['http.url'] ?? sentryTraceData(span.spanContext())?.url;
    return core.shouldPropagateTraceForUrl(typeof url === 'string' ? url : undefined, targets, this.#targets);
  }
}

function rootOf(span: Span): Span | undefined {
  const root = core.getRootSpan((mirroredSpan(span) ?? span) as Parameters<typeof core.getRootSpan>[0]);
  return root as unknown as Span;
}
