import { propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { propagationCounters } from '../../../propagators/counters.ts';
import { SentryPropagator } from '../../../propagators/propagator.ts';
import { DSC, extract, S, S2, T, T2 } from './headers.ts';

const SENTRY_FIRST = { formats: ['sentry', 'tracecontext', 'baggage'] } as const;
const OTHER_DSC = DSC.replace(T, T2);

describe('which remote parent is continued', () => {
  it('sentry-trace and traceparent of one trace complete each other', () => {
    const { span, sentry } = extract({
      traceparent: `00-${T}-${S2}-00`,
      tracestate: 'congo=1',
      'sentry-trace': `${T}-${S}-1`,
      baggage: DSC,
    });
    expect(span).toMatchObject({ traceId: T, spanId: S2, traceFlags: 0, isRemote: true });
    expect(span?.traceState?.serialize()).toBe('congo=1');
    expect(sentry).toEqual({
      sampled: true,
      sampleRand: '0.25',
      dsc: DSC,
      otelDecided: true,
      random: false,
      rival: undefined,
    });
  });

  it('of two traces traceparent wins by default, and the other stays as rival (behaviour 9)', () => {
    const { span, sentry } = extract({
      traceparent: `00-${T2}-${S2}-01`,
      'sentry-trace': `${T}-${S}-0`,
      baggage: DSC,
    });
    expect(span).toMatchObject({ traceId: T2, spanId: S2, traceFlags: 1 });
    expect(sentry).toMatchObject({
      sampled: undefined,
      dsc: undefined,
      sampleRand: undefined,
      otelDecided: true,
    });
    expect(sentry?.rival).toMatchObject({ traceId: T, spanId: S, traceFlags: 0, isRemote: true });
  });

  it('of two traces the first of the formats wins (behaviour 9)', () => {
    const { span, sentry } = extract(
      {
        traceparent: `00-${T2}-${S2}-01`,
        tracestate: 'congo=1',
        'sentry-trace': `${T}-${S}-0`,
        baggage: DSC,
      },
      SENTRY_FIRST,
    );
    expect(span).toMatchObject({ traceId: T, spanId: S, traceFlags: 0 });
    expect(span?.traceState?.serialize()).toBe('');
    expect(sentry).toMatchObject({ sampled: false, dsc: DSC, otelDecided: false });
    expect(sentry?.rival).toMatchObject({ traceId: T2, spanId: S2, traceFlags: 1 });
    expect(sentry?.rival?.traceState?.serialize()).toBe('congo=1');
  });

  it.each([
    ['sampled', '-1', true, 1],
    ['not sampled', '-0', false, 0],
    ['deferred, which is not a no', '', undefined, 1],
  ])('sentry-trace alone, %s', (_name, flag, sampled, traceFlags) => {
    const { span, sentry } = extract({ 'sentry-trace': `${T}-${S}${flag}`, baggage: DSC });
    expect(span).toMatchObject({ traceId: T, spanId: S, traceFlags, isRemote: true });
    expect(sentry).toMatchObject({
      sampled,
      dsc: DSC,
      sampleRand: '0.25',
      otelDecided: false,
      rival: undefined,
    });
  });

  it.each([
    ['no baggage', undefined],
    ['third-party baggage only', 'tenant=acme'],
    ["another trace's sampling context", OTHER_DSC],
  ])('sentry-trace with %s freezes an empty sampling context', (_name, baggage) => {
    const { span, sentry } = extract({ 'sentry-trace': `${T}-${S}-1`, baggage });
    expect(span?.traceId).toBe(T);
    expect(sentry).toMatchObject({ sampled: true, dsc: '', sampleRand: undefined });
  });

  it('a sampling context that names no trace belongs to sentry-trace, not to a lone traceparent', () => {
    const baggage = 'sentry-environment=production,sentry-sampled=true';
    expect(extract({ 'sentry-trace': `${T}-${S}`, baggage }).sentry?.dsc).toBe(baggage);
    expect(extract({ traceparent: `00-${T}-${S}-01`, baggage }).sentry).toMatchObject({
      dsc: undefined,
      sampled: undefined,
    });
  });

  it.each([
    ['-01', 1, false],
    ['-00', 0, false],
    ['-03', 1, true],
    ['-02', 0, true],
  ])(
    "traceparent alone (%s) is OpenTelemetry's decision and none for Sentry (behaviour 34)",
    (flags, bit, random) => {
      const { span, sentry } = extract({ traceparent: `00-${T}-${S}${flags}`, baggage: OTHER_DSC });
      expect(span).toMatchObject({ traceId: T, spanId: S, traceFlags: bit, isRemote: true });
      expect(sentry).toEqual({
        sampled: undefined,
        sampleRand: undefined,
        dsc: undefined,
        otelDecided: true,
        random,
        rival: undefined,
      });
    },
  );

  it("traceparent with the same trace's sampling context keeps that and its decision", () => {
    const { sentry } = extract({ traceparent: `00-${T}-${S}-01`, baggage: DSC.replace('true', 'false') });
    expect(sentry).toMatchObject({ dsc: DSC.replace('true', 'false'), sampled: false, sampleRand: '0.25' });
  });

  it('an invalid header is as good as none; the valid one beside it is continued (behaviour 8)', () => {
    const { malformed } = propagationCounters;
    const broken = { traceparent: `ff-${T2}-${S2}-01`, 'sentry-trace': `${T}-${S}-1` };
    expect(extract(broken).span?.traceId).toBe(T);
    expect(extract({ traceparent: `00-${T2}-${S2}-01`, 'sentry-trace': T }).sentry?.rival).toBeUndefined();
    expect(extract({ traceparent: `00-${'0'.repeat(32)}-${S}-01`, tracestate: 'a=1' }).span).toBeUndefined();
    expect(propagationCounters.malformed).toBe(malformed + 3);
  });

  it('an invalid tracestate costs no traceparent', () => {
    const { span } = extract({ traceparent: `00-${T}-${S}-01`, tracestate: 'foo=1,BAD=2' });
    expect(span?.traceId).toBe(T);
    expect(span?.traceState?.serialize()).toBe('');
  });

  it('a tracestate without its traceparent is not even read', () => {
    const { malformed } = propagationCounters;
    expect(
      extract({ 'sentry-trace': `${T}-${S}-1`, tracestate: 'BAD=2' }).span?.traceState?.serialize(),
    ).toBe('');
    expect(propagationCounters.malformed).toBe(malformed);
  });

  it.each([{}, undefined, null, { tracestate: 'a=1' }])(
    'no trace in %j leaves the context as it was',
    (carrier) => {
      expect(extract(carrier).context).toBe(ROOT_CONTEXT);
    },
  );
});

describe('baggage of the application', () => {
  it('reaches the OpenTelemetry baggage with and without a trace (behaviour 10)', () => {
    for (const headers of [{}, { 'sentry-trace': `${T}-${S}-1` }]) {
      const { context } = extract({ ...headers, baggage: `${DSC},tenant=acme` });
      expect(propagation.getBaggage(context)?.getAllEntries()).toEqual([['tenant', { value: 'acme' }]]);
    }
  });
});

describe('organisations (behaviour 35)', () => {
  const asked: (string | undefined)[] = [];
  const refuse = {
    source: {
      mayContinue: (orgId: string | undefined) => {
        asked.push(orgId);
        return false;
      },
      outgoing: () => undefined,
    },
  };

  it.each([
    ['sentry-trace', { 'sentry-trace': `${T}-${S}-1`, baggage: `${DSC},tenant=acme` }],
    [
      'both headers',
      { traceparent: `00-${T}-${S}-01`, 'sentry-trace': `${T}-${S}-1`, baggage: `${DSC},tenant=acme` },
    ],
    ['traceparent and sampling context', { traceparent: `00-${T}-${S}-01`, baggage: `${DSC},tenant=acme` }],
  ])("a foreign one's trace is not continued: %s", (_name, headers) => {
    asked.length = 0;
    const { context, span } = extract(headers, refuse);
    expect(span).toBeUndefined();
    expect(asked).toEqual(['42']);
    expect(propagation.getBaggage(context)?.getAllEntries()).toEqual([['tenant', { value: 'acme' }]]);
  });

  it('a traceparent of another trace is continued, without a trace of the foreign one', () => {
    for (const formats of [undefined, SENTRY_FIRST.formats]) {
      const options = formats ? { ...refuse, formats } : refuse;
      const headers = { traceparent: `00-${T2}-${S2}-01`, 'sentry-trace': `${T}-${S}-1`, baggage: DSC };
      const { span, sentry } = extract(headers, options);
      expect(span).toMatchObject({ traceId: T2, spanId: S2 });
      expect(sentry).toMatchObject({ sampled: undefined, dsc: undefined, rival: undefined });
    }
  });

  it("a trace that isn't Sentry's is never asked about, not even under strict continuation", () => {
    asked.length = 0;
    expect(extract({ traceparent: `00-${T}-${S}-01`, baggage: OTHER_DSC }, refuse).span?.traceId).toBe(T);
    expect(asked).toEqual([]);
    expect(extract({ 'sentry-trace': `${T}-${S}-1` }, refuse).span).toBeUndefined();
    expect(
      extract({ traceparent: `00-${T}-${S}-01`, 'sentry-trace': `${T}-${S}-1` }, refuse).span,
    ).toBeUndefined();
    expect(asked).toEqual([undefined, undefined]);
  });

  it('a Sentry side that throws refuses nobody', () => {
    const { sourceErrors } = propagationCounters;
    const broken = () => {
      throw new Error('broken');
    };
    const options = { source: { mayContinue: broken, outgoing: broken } };
    expect(extract({ 'sentry-trace': `${T}-${S}-1` }, options).span?.traceId).toBe(T);
    expect(propagationCounters.sourceErrors).toBe(sourceErrors + 1);
  });
});

describe('chosen formats', () => {
  const all = {
    traceparent: `00-${T2}-${S2}-01`,
    'sentry-trace': `${T}-${S}-1`,
    baggage: `${DSC},tenant=acme`,
  };

  it.each([
    [['tracecontext'], T2, false, ['traceparent', 'tracestate']],
    [['sentry'], T, false, ['sentry-trace', 'baggage']],
    [['baggage'], undefined, true, ['baggage']],
    [['baggage', 'sentry'], T, true, ['baggage', 'sentry-trace']],
  ] as const)('%j read nothing else', (formats, traceId, hasBaggage, fields) => {
    const { span, sentry, context } = extract(all, { formats });
    expect(span?.traceId).toBe(traceId);
    expect(sentry?.rival).toBeUndefined();
    expect(propagation.getBaggage(context) !== undefined).toBe(hasBaggage);
    expect(new SentryPropagator({ formats }).fields()).toEqual(fields);
  });
});
