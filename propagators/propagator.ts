import {
  type Context,
  isSpanContextValid,
  propagation,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { type BaggageHeader, MAX_BAGGAGE_LENGTH, parseBaggage } from './baggage.ts';
import { SENTRY_PREFIX } from './baggage-member.ts';
import { readLast, readList, readOwn } from './carrier.ts';
import { propagationCounters } from './counters.ts';
import { isInjectionOff, put } from './injection.ts';
import { formatBaggage, joinWithinLimits, mergeCarrierBaggage } from './outgoing-baggage.ts';
import { continuesSentry, type RemoteHeaders, reconcile, withoutSentry } from './remote-context.ts';
import { formatSentryTrace, parseSentryTrace } from './sentry-trace.ts';
import { SentryTraceState } from './sentry-trace-state.ts';
import { formatTraceParent, parseTraceParent } from './trace-context.ts';
import { formatTraceState, parseTraceState } from './trace-state.ts';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';
const SENTRY_TRACE = 'sentry-trace';
const BAGGAGE = 'baggage';

const FIELDS: Readonly<Record<HeaderFormat, readonly string[]>> = {
  tracecontext: [TRACEPARENT, TRACESTATE],
  sentry: [SENTRY_TRACE, BAGGAGE],
  baggage: [BAGGAGE],
};

/** Longer ids than this are none; a future version of `traceparent` may exceed the 55 characters of today's. */
const MAX_ID_LENGTH = 512;

const NO_BAGGAGE: BaggageHeader = { sentry: undefined, thirdParty: undefined };

/** A group of headers: `sentry-trace` with Sentry's baggage; `traceparent` with `tracestate`; W3C `baggage`. */
export type HeaderFormat = 'sentry' | 'tracecontext' | 'baggage';

/** What the Sentry side wants written for a context. */
export interface SentryOutgoing {
  readonly traceId: string;
  readonly spanId: string;
  /** Sentry's decision; undefined: deferred, `sentry-trace` goes without a flag. */
  readonly sampled: boolean | undefined;
  /** Serialised `sentry-*` baggage members, percent-encoded, no leading comma; undefined or '': none. */
  readonly dsc: string | undefined;
}

/** What the propagator asks of the Sentry side. */
export interface SentrySource {
  /**
   * Whether a trace of this organisation may be continued (strict trace continuation).
   * Source: https://develop.sentry.dev/sdk/telemetry/traces/#stricttracecontinuation
   */
  mayContinue(orgId: string | undefined): boolean;
  /** The headers for a context; undefined: write no Sentry headers (trace propagation targets, Sentry off). */
  outgoing(context: Context): SentryOutgoing | undefined;
}

export interface SentryPropagatorOptions {
  /** The headers read and written, in order of precedence. Default: tracecontext, sentry, baggage. */
  readonly formats?: readonly HeaderFormat[] | undefined;
  /** Without a source, Sentry headers come from the span context and every organisation is continued. */
  readonly source?: SentrySource | undefined;
}

/**
 * Reads and writes `sentry-trace`, `traceparent`, `tracestate` and `baggage` in one pass, so that Sentry's trace
 * and OpenTelemetry's stay one.
 *
 * Extracting never throws and never changes the carrier: what is malformed, oversized or no text is left aside
 * and counted in `propagationCounters`. Headers of one trace complete each other; of different traces the first
 * of `formats` wins and the other's context becomes `rival` in the {@link SentryTraceState}. Inbound limits:
 * `baggage` 8 KiB and 64 third-party members, `tracestate` 8 KiB and 32 members.
 *
 * Injecting never throws either: what a carrier doesn't take is counted. Third-party baggage that stands on a
 * plain-object carrier is kept. `baggage` and `tracestate` together stay within 8 KiB: third-party members go
 * first, then `tracestate`, Sentry's members last.
 */
export class SentryPropagator implements TextMapPropagator<unknown> {
  readonly #tracecontext: boolean;
  readonly #sentry: boolean;
  readonly #baggage: boolean;
  readonly #sentryFirst: boolean;
  readonly #fields: readonly string[];
  readonly #source: SentrySource | undefined;

  constructor({ formats = ['tracecontext', 'sentry', 'baggage'], source }: SentryPropagatorOptions = {}) {
    this.#tracecontext = formats.includes('tracecontext');
    this.#sentry = formats.includes('sentry');
    this.#baggage = formats.includes('baggage');
    this.#sentryFirst = formats.indexOf('sentry') < formats.indexOf('tracecontext');
    this.#fields = [...new Set(formats.flatMap((format) => FIELDS[format]))];
    this.#source = source;
  }

  /** The headers written, of the chosen formats only. */
  fields(): string[] {
    return [...this.#fields];
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    const baggage = this.#readBaggage(carrier, getter);
    const parent = this.#parentOf(carrier, getter, baggage);
    const extracted = parent === undefined ? context : trace.setSpanContext(context, parent);
    const thirdParty = this.#baggage ? baggage.thirdParty : undefined;
    return thirdParty === undefined ? extracted : propagation.setBaggage(extracted, thirdParty);
  }

  #readBaggage(carrier: unknown, getter: TextMapGetter<unknown>): BaggageHeader {
    if (!this.#sentry && !this.#baggage) return NO_BAGGAGE;
    const texts = readList(carrier, getter, BAGGAGE);
    return texts === undefined ? NO_BAGGAGE : parseBaggage(texts);
  }

  #parentOf(
    carrier: unknown,
    getter: TextMapGetter<unknown>,
    baggage: BaggageHeader,
  ): SpanContext | undefined {
    const traceParent = this.#tracecontext
      ? readLast(carrier, getter, TRACEPARENT, MAX_ID_LENGTH, parseTraceParent)
      : undefined;
    const sentryTrace = this.#sentry
      ? readLast(carrier, getter, SENTRY_TRACE, MAX_ID_LENGTH, parseSentryTrace)
      : undefined;
    if (traceParent === undefined && sentryTrace === undefined) return undefined;

    // "If the vendor failed to parse traceparent, it MUST NOT attempt to parse tracestate."
    const tracestate = traceParent && readList(carrier, getter, TRACESTATE);
    const headers: RemoteHeaders = {
      traceParent,
      traceState: tracestate === undefined ? undefined : parseTraceState(String(tracestate)),
      sentryTrace,
      sentryBaggage: this.#sentry ? baggage.sentry : undefined,
    };
    const foreign = continuesSentry(headers) && !this.#mayContinue(headers.sentryBaggage?.orgId);
    return reconcile(foreign ? withoutSentry(headers) : headers, this.#sentryFirst);
  }

  #mayContinue(orgId: string | undefined): boolean {
    if (this.#source === undefined) return true;
    try {
      return this.#source.mayContinue(orgId);
    } catch {
      propagationCounters.sourceErrors++;
      return true;
    }
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    try {
      if (isInjectionOff(context)) return;
      this.#write(context, carrier, setter);
    } catch {
      // A carrier with throwing accessors, or another library's trace state or baggage.
      propagationCounters.carrierErrors++;
    }
  }

  #write(context: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    const active = trace.getSpanContext(context);
    const span = active !== undefined && isSpanContextValid(active) ? active : undefined;
    const state = SentryTraceState.of(span);
    const sentry = this.#sentry ? this.#outgoing(context, span, state) : undefined;
    let room = MAX_BAGGAGE_LENGTH;
    if (this.#tracecontext && span !== undefined) {
      // A span that is not recorded has no flags of its own; the sampler noted OpenTelemetry's decision.
      const flags = state?.sentry.otelSampled === true ? TraceFlags.SAMPLED : span.traceFlags;
      const random = state?.sentry.random === true;
      put(setter, carrier, TRACEPARENT, formatTraceParent(span.traceId, span.spanId, flags, random));
      const tracestate = formatTraceState(state === undefined ? span.traceState : state.w3c);
      if (tracestate !== '') {
        if (tracestate.length + (sentry?.dsc?.length ?? 0) <= room) {
          put(setter, carrier, TRACESTATE, tracestate);
          room -= tracestate.length;
        } else {
          propagationCounters.droppedOutbound++;
        }
      }
    }
    if (sentry !== undefined) {
      put(setter, carrier, SENTRY_TRACE, formatSentryTrace(sentry.traceId, sentry.spanId, sentry.sampled));
    }
    const own = this.#baggage ? formatBaggage(propagation.getBaggage(context)) : '';
    writeBaggage(sentry, own, room, carrier, setter);
  }

  #outgoing(
    context: Context,
    span: SpanContext | undefined,
    state: SentryTraceState | undefined,
  ): SentryOutgoing | undefined {
    if (this.#source === undefined) {
      return (
        span && {
          traceId: span.traceId,
          spanId: span.spanId,
          sampled: state?.sentry.sampled,
          dsc: state?.sentry.dsc,
        }
      );
    }
    try {
      return this.#source.outgoing(context);
    } catch {
      propagationCounters.sourceErrors++;
      return undefined;
    }
  }
}

function writeBaggage(
  sentry: SentryOutgoing | undefined,
  own: string,
  room: number,
  carrier: unknown,
  setter: TextMapSetter<unknown>,
): void {
  const dsc = sentry?.dsc ?? '';
  const onCarrier = readOwn(carrier, BAGGAGE);
  let thirdParty = own;
  let stale = false;
  if (onCarrier !== undefined) {
    thirdParty = mergeCarrierBaggage(own, onCarrier, sentry !== undefined);
    stale = sentry !== undefined && String(onCarrier).includes(SENTRY_PREFIX);
  }
  // Nothing of ours to say: the carrier's own baggage stays untouched, unless it speaks for another trace.
  if (dsc === '' && own === '' && !stale) return;
  put(setter, carrier, BAGGAGE, joinWithinLimits(dsc, thirdParty, room));
}
