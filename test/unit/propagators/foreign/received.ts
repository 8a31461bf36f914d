import { type Context, ROOT_CONTEXT, type SpanContext, type TextMapGetter, trace } from '@opentelemetry/api';
import { readForeign } from '../../../../propagators/foreign/index.ts';
import { SentryPropagator } from '../../../../propagators/propagator.ts';
import { SentryTraceState } from '../../../../propagators/sentry-trace-state.ts';

/** A yes or no, or left to whoever reads it. */
export type Decision = 'yes' | 'no' | 'open';

export interface Received {
  readonly context: Context;
  readonly span: SpanContext | undefined;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly openTelemetry: Decision | undefined;
  readonly sentry: Decision | undefined;
}

const propagator = new SentryPropagator();

/** What a consumer makes of a message's headers: ours, and the other systems' where ours name no span. */
export function receive<Carrier>(headers: Carrier, getter: TextMapGetter<Carrier>): Received {
  // The propagators take any carrier; the getter is given what it is typed for.
  const anyGetter = getter as TextMapGetter<unknown>;
  const context = propagator.extract(ROOT_CONTEXT, headers, anyGetter);
  const span = trace.getSpanContext(context) ?? readForeign(headers, anyGetter);
  const data = SentryTraceState.of(span)?.sentry;
  return {
    context,
    span,
    traceId: span?.traceId,
    spanId: span?.spanId,
    openTelemetry: span && decision(data?.otelDecided === true ? span.traceFlags === 1 : undefined),
    sentry: span && decision(data?.sampled),
  };
}

function decision(sampled: boolean | undefined): Decision {
  if (sampled === undefined) return 'open';
  return sampled ? 'yes' : 'no';
}
