import type { SpanContext, TraceState } from '@opentelemetry/api';
import { isReservedKey, W3CTraceState, withoutReservedMembers } from './trace-state.ts';

/** What Sentry knows of a trace. It travels in memory beside the W3C trace state, never inside it. */
export interface SentryTraceData {
  /** Sentry's decision for the trace; undefined: deferred, or no Sentry upstream. */
  readonly sampled?: boolean | undefined;
  /** The trace's `sample_rand` as received, unrounded; always text of a number in [0, 1). */
  readonly sampleRand?: string | undefined;
  /** The rate applied by a decision taken in this process (set by the sampler). */
  readonly sampleRate?: string | undefined;
  /**
   * The frozen dynamic sampling context: `sentry-a=b,sentry-c=d` as received, percent-encoded. The empty
   * string is a frozen empty one (nobody downstream may fill it in); undefined: this process is the head.
   */
  readonly dsc?: string | undefined;
  /** True: the W3C sampled flag came from a `traceparent`; false: it was derived from `sentry-trace` alone. */
  readonly otelDecided?: boolean | undefined;
  /** The random-trace-id flag (02) of the incoming `traceparent`, which SDK tracers do not carry on. */
  readonly random?: boolean | undefined;
  /** The remote context that lost where the headers disagreed; the first span links it. */
  readonly rival?: SpanContext | undefined;
  /**
   * True: OpenTelemetry's sampler said yes, but the span is not recorded since nothing would export it, so its own
   * flags do not say so; `traceparent` does (set by the sampler).
   */
  readonly otelSampled?: boolean | undefined;
  /** The unit of work (request, message, job) in this process; opaque here (set by the sampler). */
  readonly localRoot?: object | undefined;
  /** The URL that an unrecorded client span calls, for `tracePropagationTargets` (set by the sampler). */
  readonly url?: string | undefined;
}

// Registered, so that two bundled copies of this package recognise each other's trace states.
const BRAND = Symbol.for('@acme/otel-sentry SentryTraceState');

/**
 * An immutable `TraceState` that carries {@link SentryTraceData} to child spans, since SDK tracers hand the
 * parent's trace state on unchanged. The `TraceState` methods see the W3C part alone; `sentry` and `sentry.*`
 * keys are neither stored nor serialised ("." is illegal in a tracestate key).
 */
export class SentryTraceState implements TraceState {
  readonly sentry: SentryTraceData;
  readonly w3c: TraceState | undefined;

  constructor(sentry: SentryTraceData, w3c?: TraceState | undefined) {
    this.sentry = sentry;
    this.w3c = w3c;
  }

  /** The Sentry trace state of a span context, or undefined where it has none. */
  static of(spanContext: SpanContext | undefined): SentryTraceState | undefined {
    const traceState = spanContext?.traceState;
    if (traceState === undefined || traceState === null || !(BRAND in traceState)) return undefined;
    // The brand, not the prototype, tells: the class may come from another copy of this package.
    return traceState as TraceState as SentryTraceState;
  }

  /** A copy with some of the Sentry data replaced. */
  with(update: Partial<SentryTraceData>): SentryTraceState {
    return new SentryTraceState({ ...this.sentry, ...update }, this.w3c);
  }

  get(key: string): string | undefined {
    return isReservedKey(key) ? undefined : this.w3c?.get(key);
  }

  /** Sets a W3C member; a reserved or illegal key or value returns this trace state unchanged. */
  set(key: string, value: string): SentryTraceState {
    if (isReservedKey(key)) return this;
    const w3c = (this.w3c ?? W3CTraceState.EMPTY).set(key, value);
    return w3c === this.w3c ? this : new SentryTraceState(this.sentry, w3c);
  }

  unset(key: string): SentryTraceState {
    if (this.w3c === undefined) return this;
    const w3c = this.w3c.unset(key);
    return w3c === this.w3c ? this : new SentryTraceState(this.sentry, w3c);
  }

  serialize(): string {
    return this.w3c === undefined ? '' : withoutReservedMembers(this.w3c.serialize());
  }
}

Object.defineProperty(SentryTraceState.prototype, BRAND, { value: true });
