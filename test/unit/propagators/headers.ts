import {
  type Context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { SentryPropagator, type SentryPropagatorOptions } from '../../../propagators/propagator.ts';
import { type SentryTraceData, SentryTraceState } from '../../../propagators/sentry-trace-state.ts';

export const T = '0af7651916cd43dd8448eb211c80319c';
export const S = 'b7ad6b7169203331';
/** The ids of a trace that disagrees with the first. */
export const T2 = '11111111111111111111111111111111';
export const S2 = '2222222222222222';

export const DSC = `sentry-environment=production,sentry-trace_id=${T},sentry-sampled=true,sentry-sample_rand=0.25,sentry-org_id=42`;

export interface Extracted {
  readonly context: Context;
  readonly span: SpanContext | undefined;
  readonly sentry: SentryTraceData | undefined;
}

/** Extracts headers into an empty context. */
export function extract(
  carrier: unknown,
  options?: SentryPropagatorOptions,
  getter = defaultTextMapGetter,
): Extracted {
  const context = new SentryPropagator(options).extract(ROOT_CONTEXT, carrier, getter);
  const span = trace.getSpanContext(context);
  return { context, span, sentry: SentryTraceState.of(span)?.sentry };
}
