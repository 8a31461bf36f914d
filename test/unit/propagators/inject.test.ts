import {
  type Context,
  createContextKey,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { TraceState as CoreTraceState, suppressTracing } from '@opentelemetry/core';
import { describe, expect, it } from 'vitest';
import { propagationCounters } from '../../../propagators/counters.ts';
import { KafkaHeaders } from '../../../propagators/kafka.ts';
import {
  type SentryOutgoing,
  SentryPropagator,
  type SentryPropagatorOptions,
} from '../../../propagators/propagator.ts';
import { type SentryTraceData, SentryTraceState } from '../../../propagators/sentry-trace-state.ts';
import { parseTraceState } from '../../../propagators/trace-state.ts';
import { DSC, extract, S, S2, T, T2 } from './headers.ts';

/** A span of ours, as an SDK makes it: the parent's trace state handed on. */
function spanIn(sentry: SentryTraceData | undefined, tracestate = '', traceFlags = 1): Context {
  const traceState = sentry && new SentryTraceState(sentry, parseTraceState(tracestate));
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: T,
    spanId: S,
    traceFlags,
    ...(traceState && { traceState }),
  });
}

function inject(
  context: Context,
  options?: SentryPropagatorOptions,
  carrier: Record<string, unknown> = {},
  setter: TextMapSetter = defaultTextMapSetter,
): Record<string, unknown> {
  new SentryPropagator(options).inject(context, carrier, setter);
  return carrier;
}

const sourceOf = (outgoing: () => SentryOutgoing | undefined) => ({
  source: { mayContinue: () => true, outgoing },
});

describe('the headers of an outgoing request or message', () => {
  it('continue a trace in every format', () => {
    const context = spanIn({ sampled: true, dsc: DSC, otelDecided: true }, 'congo=1');
    expect(inject(context)).toEqual({
      traceparent: `00-${T}-${S}-01`,
      tracestate: 'congo=1',
      'sentry-trace': `${T}-${S}-1`,
      baggage: DSC,
    });
  });

  it.each([
    ['unsampled by both', { sampled: false }, 0, '-00', '-0'],
    ['sampled for OpenTelemetry alone', { sampled: false }, 1, '-01', '-0'],
    ['sampled for Sentry alone', { sampled: true }, 0, '-00', '-1'],
    ['deferred', { sampled: undefined }, 1, '-01', ''],
    ['unknown to Sentry', undefined, 1, '-01', ''],
  ])('carry the decisions of a trace %s (behaviour 34)', (_name, sentry, flags, w3c, suffix) => {
    const headers = inject(spanIn(sentry, '', flags));
    expect(headers).toEqual({ traceparent: `00-${T}-${S}${w3c}`, 'sentry-trace': `${T}-${S}${suffix}` });
  });

  it('keep the random flag of the trace, which SDK tracers lose', () => {
    expect(inject(spanIn({ random: true }, '', 0)).traceparent).toBe(`00-${T}-${S}-02`);
    expect(inject(spanIn({ random: true }, '', 1)).traceparent).toBe(`00-${T}-${S}-03`);
  });

  it("carry OpenTelemetry's decision where the span itself was not recorded", () => {
    expect(inject(spanIn({ sampled: false, otelSampled: true }, '', 0))).toEqual({
      traceparent: `00-${T}-${S}-01`,
      'sentry-trace': `${T}-${S}-0`,
    });
    expect(inject(spanIn({ sampled: false, otelSampled: false }, '', 0)).traceparent).toBe(`00-${T}-${S}-00`);
  });

  it('are those of the given context, active or not', () => {
    const other = trace.setSpanContext(ROOT_CONTEXT, { traceId: T2, spanId: S2, traceFlags: 1 });
    expect(inject(other).traceparent).toBe(`00-${T2}-${S2}-01`);
  });

  it('are none under suppressed tracing (behaviour 39)', () => {
    const context = propagation.setBaggage(
      spanIn({ dsc: DSC }),
      propagation.createBaggage({ a: { value: '1' } }),
    );
    expect(inject(suppressTracing(context))).toEqual({});
    const key = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
    expect(inject(suppressTracing(context).deleteValue(key))).toHaveProperty('traceparent');
  });

  it('are baggage alone without a span', () => {
    const context = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ a: { value: '1' } }));
    expect(inject(context)).toEqual({ baggage: 'a=1' });
    expect(inject(trace.setSpanContext(ROOT_CONTEXT, { traceId: '0', spanId: '0', traceFlags: 0 }))).toEqual(
      {},
    );
  });

  it('are of the chosen formats only', () => {
    const context = propagation.setBaggage(
      spanIn({ sampled: true, dsc: DSC }, 'congo=1'),
      propagation.createBaggage({ a: { value: '1' } }),
    );
    expect(Object.keys(inject(context, { formats: ['tracecontext'] }))).toEqual([
      'traceparent',
      'tracestate',
    ]);
    expect(inject(context, { formats: ['sentry'] })).toEqual({ 'sentry-trace': `${T}-${S}-1`, baggage: DSC });
    expect(inject(context, { formats: ['baggage'] })).toEqual({ baggage: 'a=1' });
  });

  it("carry another library's trace state", () => {
    const traceState = new CoreTraceState('congo=1');
    const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: T, spanId: S, traceFlags: 1, traceState });
    expect(inject(context).tracestate).toBe('congo=1');
  });
});

describe('what the Sentry side says', () => {
  const outgoing: SentryOutgoing = { traceId: T2, spanId: S2, sampled: false, dsc: 'sentry-release=1' };

  it('goes out beside the span', () => {
    expect(
      inject(
        spanIn({ sampled: true, dsc: DSC }),
        sourceOf(() => outgoing),
      ),
    ).toEqual({
      traceparent: `00-${T}-${S}-01`,
      'sentry-trace': `${T2}-${S2}-0`,
      baggage: 'sentry-release=1',
    });
  });

  it('goes out without a span', () => {
    expect(
      inject(
        ROOT_CONTEXT,
        sourceOf(() => outgoing),
      ),
    ).toEqual({
      'sentry-trace': `${T2}-${S2}-0`,
      baggage: 'sentry-release=1',
    });
  });

  it.each([
    ['nothing', () => undefined],
    [
      'only to throw',
      () => {
        throw new Error('broken');
      },
    ],
  ])('is %s: the W3C headers go out', (_name, source) => {
    const headers = inject(spanIn({ sampled: true, dsc: DSC }), sourceOf(source), {
      baggage: 'sentry-a=1,b=2',
    });
    expect(headers).toEqual({ traceparent: `00-${T}-${S}-01`, baggage: 'sentry-a=1,b=2' });
  });
});

describe('baggage already on the carrier', () => {
  const context = propagation.setBaggage(
    spanIn({ dsc: DSC }),
    propagation.createBaggage({ a: { value: 'context' }, 'sentry-environment': { value: 'spoofed' } }),
  );

  it.each([
    ['a string', { baggage: 'a=carrier,b=2,sentry-release=stale' }],
    ['a list, another case, bytes', { Baggage: [Buffer.from('a=carrier,b=2'), 'sentry-release=stale'] }],
  ])("keeps its third-party members, replaces Sentry's: %s (behaviour 10)", (_name, carrier) => {
    expect(inject(context, undefined, carrier, KafkaHeaders).baggage).toBe(`${DSC},a=context,b=2`);
    expect(Object.keys(carrier)).not.toContain('Baggage');
  });

  it("of another trace is emptied where this trace's sampling context is a frozen empty one", () => {
    expect(inject(spanIn({ dsc: '' }), undefined, { baggage: 'sentry-release=stale,b=2' }).baggage).toBe(
      'b=2',
    );
    expect(inject(spanIn({ dsc: '' }), undefined, { baggage: 'b=2' }).baggage).toBe('b=2');
  });

  it('is not doubled by injecting twice (behaviour 38)', () => {
    const once = inject(context, undefined, { baggage: 'b=2' });
    expect(inject(context, undefined, { ...once })).toEqual(once);
  });
});

describe('limits outbound (behaviour 12)', () => {
  it("drop third-party baggage first, then tracestate, never what is Sentry's", () => {
    const { droppedOutbound } = propagationCounters;
    const baggage = propagation.createBaggage({ small: { value: '1' }, big: { value: 'x'.repeat(7800) } });
    const tracestate = `congo=${'t'.repeat(250)}`;
    const crowded = propagation.setBaggage(spanIn({ dsc: DSC }, tracestate), baggage);
    expect(inject(crowded)).toMatchObject({ tracestate, baggage: `${DSC},small=1` });

    const huge = `sentry-transaction=${'x'.repeat(8100)}`;
    const full = inject(propagation.setBaggage(spanIn({ dsc: huge }, tracestate), baggage));
    expect(full).not.toHaveProperty('tracestate');
    expect(full.baggage).toBe(`${huge},small=1`);
    expect(propagationCounters.droppedOutbound).toBe(droppedOutbound + 3);
  });

  it('never fail the publish: a frozen or hostile carrier loses the headers, counted', () => {
    const { carrierErrors } = propagationCounters;
    inject(spanIn({ dsc: DSC }), undefined, Object.freeze({ mine: 'kept' }));
    expect(propagationCounters.carrierErrors).toBe(carrierErrors + 3);
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no keys');
        },
      },
    );
    expect(() => inject(spanIn({ dsc: DSC }), undefined, trap)).not.toThrow();
    expect(propagationCounters.carrierErrors).toBe(carrierErrors + 4);
    expect(() => inject(spanIn({ dsc: DSC }), undefined, undefined)).not.toThrow();
  });
});

describe('a continued trace', () => {
  it('goes on as it came, to the letter', () => {
    const headers = {
      traceparent: `00-${T}-${S}-03`,
      tracestate: '1st@x=1,congo=t61rcWkgMzE',
      'sentry-trace': `${T}-${S}-1`,
      baggage: `${DSC},k=100%,l=a%20b;p=1`,
    };
    expect(inject(extract(headers).context)).toEqual(headers);
  });
});
