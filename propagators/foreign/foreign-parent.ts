import { isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { SentryTraceState } from '../sentry-trace-state.ts';
import { isZeroId } from '../trace-context.ts';

/** A span that another system's headers name; ids are full-length lowercase hex and not all zero. */
export interface ForeignParent {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: the headers leave the decision to whoever reads them. */
  readonly sampled: boolean | undefined;
  /** B3's emphasised yes, which has to be passed on. */
  readonly debug?: boolean;
}

/** What a header gives that keeps to its grammar and names no span to continue: a bare decision, a bare trace. */
export const NO_SPAN = 'no span';

const TRACE_ID_LENGTH = 32;
const SPAN_ID_LENGTH = 16;

/** A parent from hex ids that may be uppercase or miss leading zeros; undefined when one is all zero. */
export function foreignParent(
  traceId: string,
  spanId: string,
  sampled: boolean | undefined,
): ForeignParent | undefined {
  const fullTraceId = traceId.toLowerCase().padStart(TRACE_ID_LENGTH, '0');
  const fullSpanId = spanId.toLowerCase().padStart(SPAN_ID_LENGTH, '0');
  if (isZeroId(fullTraceId, fullSpanId)) return undefined;
  return { traceId: fullTraceId, spanId: fullSpanId, sampled };
}

/**
 * The remote span context of a parent. A decision binds OpenTelemetry's sampler as the flag of a `traceparent` does;
 * to Sentry it is none, and the trace has no sampling context (DSC) yet. Without a decision both samplers decide.
 */
export function toSpanContext({ traceId, spanId, sampled }: ForeignParent): SpanContext {
  return {
    traceId,
    spanId,
    // An open decision isn't a negative one; OpenTelemetry's samplers know no third state.
    traceFlags: sampled === false ? TraceFlags.NONE : TraceFlags.SAMPLED,
    isRemote: true,
    traceState: new SentryTraceState({ otelDecided: sampled !== undefined }),
  };
}

/** A span as other systems are told of it, with OpenTelemetry's decision; undefined where its ids are invalid. */
export function outgoingParent(span: SpanContext): ForeignParent | undefined {
  if (!isSpanContextValid(span)) return undefined;
  const sentry = SentryTraceState.of(span)?.sentry;
  // A context that is passed on without a span of our own stays as undecided as it came.
  const undecided = span.isRemote === true && sentry?.otelDecided === false;
  // A span that is not recorded has no flags of its own; the sampler noted OpenTelemetry's decision.
  const sampled = sentry?.otelSampled === true || (span.traceFlags & TraceFlags.SAMPLED) !== 0;
  return { traceId: span.traceId, spanId: span.spanId, sampled: undecided ? undefined : sampled };
}
