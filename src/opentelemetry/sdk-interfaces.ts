import type {
  Span as ApiSpan,
  Attributes,
  Context,
  HrTime,
  Link,
  MeterProvider,
  SpanContext,
  SpanKind,
  SpanStatus,
  TracerProvider,
  TraceState,
} from '@opentelemetry/api';

/**
 * What our parts need of an SDK's types and no more, so that they fit OpenTelemetry's SDK 2 and 3 alike and no
 * SDK's types are needed to use them.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/
 */

/** A span while it runs. */
export interface Span extends ApiSpan {
  readonly attributes: Attributes;
}

/** A span that has ended. */
export interface ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  readonly resource: { readonly attributes: Readonly<Record<string, unknown>> };
  spanContext(): SpanContext;
}

export interface SpanProcessor {
  onStart(span: Span, parentContext: Context): void;
  onEnd(span: ReadableSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** The values of OpenTelemetry's `SamplingDecision`: not recorded; recorded; recorded and sampled. */
export type SamplingDecision = 0 | 1 | 2;

export interface SamplingResult {
  readonly decision: SamplingDecision;
  readonly attributes?: Readonly<Attributes>;
  readonly traceState?: TraceState;
}

/** A sampler as our sampler gives it. */
export interface Sampler {
  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult;
  toString(): string;
}

/** A sampler as our sampler takes it: each SDK has an enum of its own for the decision. */
export interface DelegateSampler {
  shouldSample(
    ...parameters: Parameters<Sampler['shouldSample']>
  ): Omit<SamplingResult, 'decision'> & { readonly decision: number };
  toString(): string;
}

export interface IdGenerator {
  generateTraceId(): string;
  generateSpanId(): string;
}

/** An instrumentation as `NodeSDK` and `registerInstrumentations` take it. */
export interface Instrumentation {
  readonly instrumentationName: string;
  readonly instrumentationVersion: string;
  enable(): void;
  disable(): void;
  setTracerProvider(provider: TracerProvider): void;
  setMeterProvider(provider: MeterProvider): void;
  setConfig(config: { enabled?: boolean }): void;
  getConfig(): { enabled?: boolean };
}
