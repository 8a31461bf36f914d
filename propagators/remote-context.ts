import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import type { SentryBaggage } from './baggage.ts';
import type { SentryTrace } from './sentry-trace.ts';
import { SentryTraceState } from './sentry-trace-state.ts';
import type { TraceParent } from './trace-context.ts';
import type { W3CTraceState } from './trace-state.ts';

/** What the headers of one request or message said, each part valid by itself. */
export interface RemoteHeaders {
  readonly traceParent: TraceParent | undefined;
  readonly traceState: W3CTraceState | undefined;
  readonly sentryTrace: SentryTrace | undefined;
  readonly sentryBaggage: SentryBaggage | undefined;
}

/** Sentry's frozen empty sampling context: the head sent none, and nobody downstream may make one up. */
const EMPTY_DSC = '';

/**
 * Decides which remote span is the parent. Headers of one trace complete each other: parent id and
 * OpenTelemetry's flag from `traceparent`, Sentry's decision and sampling context from `sentry-trace` and
 * `baggage`. Of different traces `sentryFirst` says which wins; the other becomes its rival.
 */
export function reconcile(headers: RemoteHeaders, sentryFirst: boolean): SpanContext | undefined {
  const { traceParent, traceState, sentryTrace, sentryBaggage } = headers;
  if (traceParent === undefined) {
    return sentryTrace && fromSentry(sentryTrace, sentryBaggage, undefined);
  }
  if (sentryTrace === undefined || sentryTrace.traceId === traceParent.traceId) {
    return fromTraceParent(traceParent, traceState, sentryTrace, sentryBaggage, undefined);
  }
  if (sentryFirst) {
    const rival = fromTraceParent(traceParent, traceState, undefined, undefined, undefined);
    return fromSentry(sentryTrace, sentryBaggage, rival);
  }
  const rival = fromSentry(sentryTrace, undefined, undefined);
  return fromTraceParent(traceParent, traceState, undefined, sentryBaggage, rival);
}

/** Whether continuing these headers would continue a trace of Sentry's, so that the organisation matters. */
export function continuesSentry({ traceParent, sentryTrace, sentryBaggage }: RemoteHeaders): boolean {
  if (sentryTrace !== undefined) return true;
  return traceParent !== undefined && sentryBaggage?.traceId === traceParent.traceId;
}

/** What is left for a trace of a foreign organisation: a `traceparent`, if it names another trace. */
export function withoutSentry({
  traceParent,
  traceState,
  sentryTrace,
  sentryBaggage,
}: RemoteHeaders): RemoteHeaders {
  const refused =
    traceParent?.traceId === sentryTrace?.traceId || traceParent?.traceId === sentryBaggage?.traceId;
  return {
    traceParent: refused ? undefined : traceParent,
    traceState: refused ? undefined : traceState,
    sentryTrace: undefined,
    sentryBaggage: undefined,
  };
}

function fromSentry(
  { traceId, spanId, sampled }: SentryTrace,
  baggage: SentryBaggage | undefined,
  rival: SpanContext | undefined,
): SpanContext {
  const own = dscOf(baggage, traceId);
  return {
    traceId,
    spanId,
    // A deferred decision isn't a negative one; OpenTelemetry's samplers know no third state.
    traceFlags: sampled === false ? TraceFlags.NONE : TraceFlags.SAMPLED,
    isRemote: true,
    traceState: new SentryTraceState({
      sampled,
      sampleRand: own?.sampleRand,
      dsc: own?.dsc ?? EMPTY_DSC,
      otelDecided: false,
      random: false,
      rival,
    }),
  };
}

function fromTraceParent(
  { traceId, spanId, sampled, random }: TraceParent,
  traceState: W3CTraceState | undefined,
  sentryTrace: SentryTrace | undefined,
  baggage: SentryBaggage | undefined,
  rival: SpanContext | undefined,
): SpanContext {
  // Without sentry-trace only the sampling context itself can say that it belongs to this trace.
  const own = sentryTrace || baggage?.traceId !== undefined ? dscOf(baggage, traceId) : undefined;
  return {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    traceState: new SentryTraceState(
      {
        sampled: sentryTrace ? sentryTrace.sampled : own?.sampled,
        sampleRand: own?.sampleRand,
        dsc: own?.dsc ?? (sentryTrace ? EMPTY_DSC : undefined),
        otelDecided: true,
        random,
        rival,
      },
      traceState,
    ),
  };
}

/** The sampling context, unless it says that it is another trace's. */
function dscOf(baggage: SentryBaggage | undefined, traceId: string): SentryBaggage | undefined {
  return baggage?.traceId === undefined || baggage.traceId === traceId ? baggage : undefined;
}
