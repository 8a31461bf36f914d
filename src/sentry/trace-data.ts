import { isSpanContextValid, type Span, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { type SentryTraceData, SentryTraceState } from '../../propagators/sentry-trace-state.ts';
import { LocalRoot } from './local-root.ts';

/** What Sentry knows of the trace that a span context belongs to; empty where our sampler never saw it. */
export function sentryTraceData(spanContext: SpanContext | undefined): SentryTraceData | undefined {
  return SentryTraceState.of(spanContext)?.sentry;
}

/** Sentry's sampling decision for a span; `undefined` while it is deferred. */
export function sentrySampled(span: Span): boolean | undefined {
  const spanContext = span.spanContext();
  const data = sentryTraceData(spanContext);
  return data === undefined ? (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0 : data.sampled;
}

/** Of spans that our sampler never saw. */
const notedRoots = new WeakMap<SpanContext, LocalRoot>();

/** The unit of work that a span belongs to. */
export function localRootOf(spanContext: SpanContext | undefined): LocalRoot | undefined {
  if (spanContext === undefined) return undefined;
  const root = sentryTraceData(spanContext)?.localRoot;
  return root instanceof LocalRoot ? root : notedRoots.get(spanContext);
}

/** Notes that a span of a set-up without our sampler begins a unit of work. */
export function noteLocalRoot(spanContext: SpanContext, root: LocalRoot): void {
  notedRoots.set(spanContext, root);
}

/** The parent within this process, if there is one. */
export function localParent(context: Parameters<typeof trace.getSpan>[0]): Span | undefined {
  const parent = trace.getSpan(context);
  if (parent === undefined) return undefined;
  const spanContext = parent.spanContext();
  return isSpanContextValid(spanContext) && spanContext.isRemote !== true ? parent : undefined;
}
