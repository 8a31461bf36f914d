import {
  type Context,
  createContextKey,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { propagationCounters } from '../counters.ts';
import { isInjectionOff, put } from '../injection.ts';
import type { ForeignCodec, WriteHeader } from './codec.ts';
import { CodecList } from './codec-list.ts';
import { outgoingParent, toSpanContext } from './foreign-parent.ts';
import { type ForeignFormat, readersOf, writerOf } from './formats.ts';

/** The id of a trace that B3 marked for debugging. */
const DEBUGGED_TRACE = createContextKey('@acme/otel-sentry B3 debug');

/**
 * Reads and writes trace context in the formats of other systems, beside a propagator for W3C's and Sentry's headers.
 *
 * Extracting takes the first of the formats whose headers are present and valid; names are matched in any case. A
 * decision binds OpenTelemetry's sampler as the flag of a `traceparent` does and is none for Sentry; where the headers
 * leave it open, both samplers decide. What is malformed, longer than 512 characters or no text is left aside and
 * counted in `propagationCounters`. Injecting writes every format, with OpenTelemetry's decision. Neither throws: what a
 * carrier doesn't take is counted.
 *
 * Either B3 format reads both of B3's. Formats without an open decision (`jaeger`, `masstransit`, `googlepubsub`) are
 * written with a yes for it.
 */
export class ForeignPropagator implements TextMapPropagator<unknown> {
  readonly #readers: CodecList;
  readonly #writers: readonly ForeignCodec[];

  /** @param formats in order of precedence; repeated ones count once. */
  constructor(formats: readonly ForeignFormat[]) {
    this.#readers = new CodecList([...new Set(formats.flatMap(readersOf))]);
    this.#writers = [...new Set(formats)].map(writerOf);
  }

  /** All headers of the chosen formats. */
  fields(): string[] {
    return this.#writers.flatMap(({ fields }) => fields);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    const parent = this.#readers.read(carrier, getter);
    if (parent === undefined) return context;
    const extracted = trace.setSpanContext(context, toSpanContext(parent));
    return parent.debug === true ? extracted.setValue(DEBUGGED_TRACE, parent.traceId) : extracted;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    try {
      this.#write(context, (name, value) => put(setter, carrier, name, value));
    } catch {
      // Another library's span or context.
      propagationCounters.carrierErrors++;
    }
  }

  #write(context: Context, header: WriteHeader): void {
    const active = trace.getSpanContext(context);
    if (active === undefined || isInjectionOff(context)) return;
    const span = outgoingParent(active);
    if (span === undefined) return;
    // The span may be of another trace by now: another propagator had the last word, or a root was started.
    const parent = { ...span, debug: context.getValue(DEBUGGED_TRACE) === span.traceId };
    for (const codec of this.#writers) codec.write(parent, header);
  }
}
