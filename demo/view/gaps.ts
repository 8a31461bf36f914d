import type { Trace, TraceSpan } from './trace.ts';

export interface Expected {
  /** The services the trace goes through. */
  readonly services: readonly string[];
  /** The service on whose span Sentry has to show an error; undefined where none may have one. */
  readonly failing: string | undefined;
}

/** What a trace lacks to be whole, one line each; nothing where it is. */
export function gapsIn(trace: Trace | undefined, { services, failing }: Expected): readonly string[] {
  if (trace === undefined) return ['no span of it arrived'];
  const errors = trace.spans.flatMap(({ service, errors }) => errors.map((error) => ({ service, error })));
  return [
    ...services.flatMap((service) => serviceGaps(trace, service)),
    ...trace.spans.flatMap(spanGaps),
    ...trace.spans
      .filter(({ isRoot }) => isRoot)
      .slice(1)
      .map((span) => `${title(span)} has a parent that never arrived`),
    ...(failing !== undefined && !errors.some(({ service }) => service === failing)
      ? [`Sentry got no error on a span of ${failing}`]
      : []),
    ...errors
      .filter(({ service }) => service !== failing)
      .map(({ service, error }) => `Sentry got an error that ${service} should not have: ${error.value}`),
  ];
}

function serviceGaps(trace: Trace, service: string): readonly string[] {
  const spans = trace.spans.filter((span) => span.service === service);
  return [
    ...(spans.some(({ sentry }) => sentry) ? [] : [`Sentry got no span of ${service}`]),
    ...(spans.some(({ otlp }) => otlp) ? [] : [`OTLP got no span of ${service}`]),
  ];
}

function spanGaps(span: TraceSpan): readonly string[] {
  const { sentry, otlp } = span;
  if (sentry === undefined) return [`Sentry misses ${title(span)}`];
  if (otlp === undefined) return [`OTLP misses ${title(span)}`];
  return sentry.parentSpanId === otlp.parentSpanId
    ? []
    : [`Sentry and OTLP disagree on the parent of ${title(span)}`];
}

function title({ service, spanId, otlp, sentry }: TraceSpan): string {
  return `"${(otlp ?? sentry)?.name}" of ${service} (${spanId})`;
}
