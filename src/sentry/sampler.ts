import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type Link,
  type SpanContext,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Client } from '@sentry/core';
import { type SentryTraceData, SentryTraceState } from '../../propagators/sentry-trace-state.ts';
import { PARENT_BASED_ALWAYS_ON } from '../opentelemetry/sampler.ts';
import type { DelegateSampler, Sampler, SamplingResult } from '../opentelemetry/sdk-interfaces.ts';
import { LocalRoot } from './local-root.ts';
import { core } from './sdk.ts';
import { describeSpan, withoutQuery } from './semantic-conventions.ts';

// OpenTelemetry's enum as plain numbers: this module must not load an SDK.
const NOT_RECORD = 0;
const RECORD = 1;
const RECORD_AND_SAMPLED = 2;

export interface SentrySamplerOptions {
  /**
   * Takes OpenTelemetry's decision, which governs OTLP and the flag in `traceparent`. Default: the parent's
   * decision, and yes for a new trace.
   */
  readonly delegate?: DelegateSampler | undefined;
  /**
   * Whether a span that only OpenTelemetry samples is recorded. `false` where no OTLP backend is configured: such
   * a span would go nowhere, and not recording it saves most of its cost. `traceparent` says the same either way.
   * @default true
   */
  readonly recordForOpenTelemetry?: boolean | undefined;
  /**
   * One decision for both: OTLP gets what Sentry gets, and no more. It is inherited from `sentry-trace`, else from
   * `traceparent`, else Sentry's rate decides; the `delegate` isn't asked.
   * @default false
   */
  readonly coupled?: boolean | undefined;
  /** Paths of requests that Sentry is never sent, unless the caller's trace is sampled. @default [] */
  readonly ignoredPaths?: readonly string[] | undefined;
}

/**
 * Takes two decisions for every span: OpenTelemetry's, by the `delegate`, and Sentry's, by the client's
 * `tracesSampler` or `tracesSampleRate`. Each is inherited from a parent that carries it. Sentry's travels in
 * memory, in the trace state, and never reaches `tracestate` or a span's attributes.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#sampler
 * @see https://develop.sentry.dev/sdk/telemetry/traces/dynamic-sampling-context/
 */
export class SentrySampler implements Sampler {
  readonly #client: Client;
  readonly #delegate: DelegateSampler;
  readonly #recordForOpenTelemetry: boolean;
  readonly #coupled: boolean;
  readonly #ignoredPaths: ReadonlySet<string>;

  constructor(client: Client, options: SentrySamplerOptions = {}) {
    this.#client = client;
    this.#delegate = options.delegate ?? PARENT_BASED_ALWAYS_ON;
    this.#recordForOpenTelemetry = options.recordForOpenTelemetry ?? true;
    this.#coupled = options.coupled ?? false;
    this.#ignoredPaths = new Set(options.ignoredPaths);
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    const parent = trace.getSpanContext(context);
    const valid = parent !== undefined && isSpanContextValid(parent) ? parent : undefined;
    const inherited = SentryTraceState.of(valid);

    const traceState =
      valid !== undefined && valid.isRemote !== true
        ? this.#childTraceState(valid, inherited, kind, attributes)
        : this.#rootTraceState(valid, inherited, name, kind, attributes);
    const delegated = this.#coupled
      ? { decision: traceState.sentry.sampled === true ? RECORD_AND_SAMPLED : NOT_RECORD }
      : this.#delegate.shouldSample(
          delegateContext(context, valid, inherited?.sentry),
          traceId,
          name,
          kind,
          attributes,
          links,
        );

    const openTelemetrySampled = delegated.decision === RECORD_AND_SAMPLED;
    const recordForOpenTelemetry = delegated.decision !== NOT_RECORD && this.#recordForOpenTelemetry;
    const sentrySampled = traceState.sentry.sampled === true;
    const recorded = recordForOpenTelemetry || sentrySampled;
    // Only an unrecorded span's flag differs from OpenTelemetry's decision: the SDK gives it none.
    const flagLost = openTelemetrySampled && !recorded;
    const w3c = delegated.traceState instanceof SentryTraceState ? undefined : delegated.traceState;
    return {
      decision: !recorded ? NOT_RECORD : openTelemetrySampled ? RECORD_AND_SAMPLED : RECORD,
      ...(delegated.attributes !== undefined && { attributes: delegated.attributes }),
      traceState: finish(traceState, flagLost, w3c),
    };
  }

  toString(): string {
    return `SentrySampler{${this.#coupled ? 'coupled' : this.#delegate.toString()}}`;
  }

  #childTraceState(
    parent: SpanContext,
    inherited: SentryTraceState | undefined,
    kind: SpanKind,
    attributes: Attributes,
  ): SentryTraceState {
    const state =
      inherited ??
      new SentryTraceState({ sampled: (parent.traceFlags & TraceFlags.SAMPLED) !== 0 }, parent.traceState);
    // `tracePropagationTargets` is matched against the URL, and a span that is not recorded has no attributes.
    if (kind !== SpanKind.CLIENT || state.sentry.sampled === true) return state;
    if (this.#client.getOptions().tracePropagationTargets === undefined) return state;
    const url = attributes['url.full'] ?? attributes['http.url'];
    return typeof url === 'string' ? state.with({ url }) : state;
  }

  #rootTraceState(
    parent: SpanContext | undefined,
    inherited: SentryTraceState | undefined,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
  ): SentryTraceState {
    const remote = this.#coupled ? withFlagOf(parent, inherited?.sentry) : inherited?.sentry;
    const method = text(attributes['http.request.method'] ?? attributes['http.method']);
    const path = text(attributes['url.path'] ?? attributes['http.target']);
    const localRoot = new LocalRoot(kind, name, method, path && withoutQuery(path));
    const decision = this.#decide(remote, localRoot, attributes);
    const data: SentryTraceData = { ...remote, ...decision, localRoot };
    return new SentryTraceState(data, inherited === undefined ? parent?.traceState : inherited.w3c);
  }

  /** Sentry's decision for a span that has no parent in this process. */
  #decide(
    remote: SentryTraceData | undefined,
    root: LocalRoot,
    attributes: Attributes,
  ): Pick<SentryTraceData, 'sampled' | 'sampleRand' | 'sampleRate'> {
    const options = this.#client.getOptions();
    // Tracing without performance: Sentry's decision stays open, for whoever is downstream.
    if (!core.hasSpansEnabled(options)) return {};

    const dsc = remote?.dsc ? core.baggageHeaderToDynamicSamplingContext(remote.dsc) : undefined;
    const parentSampleRate = core.parseSampleRate(dsc?.sample_rate);
    const sampleRand = remote?.sampleRand ?? newSampleRand(remote?.sampled, parentSampleRate);
    if (remote?.sampled === undefined && root.path !== undefined && this.#ignoredPaths.has(root.path)) {
      return { sampled: false, sampleRand };
    }
    const [sampled, sampleRate, appliedHere] = core.sampleSpan(
      options,
      {
        name: describeSpan(root.name, attributes, root.kind).name,
        attributes,
        ...(remote?.sampled !== undefined && { parentSampled: remote.sampled }),
        ...(parentSampleRate !== undefined && { parentSampleRate }),
      },
      Number(sampleRand),
    );
    if (!sampled && remote?.sampled === undefined) this.#client.recordDroppedEvent('sample_rate', 'span');
    return {
      sampled,
      sampleRand,
      ...(appliedHere && sampleRate !== undefined && { sampleRate: String(sampleRate) }),
    };
  }
}

/** Where no decision of Sentry's came in, the flag of `traceparent` is one. */
function withFlagOf(
  parent: SpanContext | undefined,
  remote: SentryTraceData | undefined,
): SentryTraceData | undefined {
  if (parent === undefined || remote?.sampled !== undefined || remote?.otelDecided === false) return remote;
  return { ...remote, sampled: (parent.traceFlags & TraceFlags.SAMPLED) !== 0 };
}

/**
 * The context as the delegate has to see it. A parent known from `sentry-trace` alone carries no decision of
 * OpenTelemetry's, so to the delegate the span is a root; and a parent that wasn't recorded shows the flag it has in
 * `traceparent`.
 */
function delegateContext(
  context: Context,
  parent: SpanContext | undefined,
  data: SentryTraceData | undefined,
): Context {
  if (parent === undefined || data === undefined) return context;
  if (parent.isRemote === true) return data.otelDecided === false ? trace.deleteSpan(context) : context;
  if (data.otelSampled !== true) return context;
  return trace.setSpanContext(context, { ...parent, traceFlags: parent.traceFlags | TraceFlags.SAMPLED });
}

function finish(
  state: SentryTraceState,
  flagLost: boolean,
  w3c: SpanContext['traceState'],
): SentryTraceState {
  const changesFlag = (state.sentry.otelSampled ?? false) !== flagLost;
  const data = changesFlag ? { ...state.sentry, otelSampled: flagLost || undefined } : state.sentry;
  if (w3c !== undefined && w3c !== state.w3c) return new SentryTraceState(data, w3c);
  return changesFlag ? new SentryTraceState(data, state.w3c) : state;
}

/**
 * A random number in [0, 1) with six decimals. Where the decision came without one, it is drawn from the side of the
 * sample rate that agrees with the decision, as Sentry's specification wants.
 */
function newSampleRand(sampled: boolean | undefined, sampleRate: number | undefined): string {
  let rand = core._INTERNAL_safeMathRandom();
  if (sampled !== undefined && sampleRate !== undefined && sampleRate > 0) {
    rand = sampled ? rand * sampleRate : sampleRate + rand * (1 - sampleRate);
  }
  // Rounded down: 0.9999999 must not become 1.000000.
  return (Math.floor(Math.min(rand, 0.999_999) * 1e6) / 1e6).toFixed(6);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
