import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propagationCounters } from '../../../../propagators/counters.ts';
import { formatB3, parseB3 } from '../../../../propagators/foreign/b3-single.ts';
import { parseDatadogId, parseHighHalf } from '../../../../propagators/foreign/datadog.ts';
import { type ForeignParent, NO_SPAN } from '../../../../propagators/foreign/foreign-parent.ts';
import {
  FOREIGN_FORMATS,
  type ForeignFormat,
  ForeignPropagator,
} from '../../../../propagators/foreign/index.ts';
import { formatUberTraceId, parseUberTraceId } from '../../../../propagators/foreign/jaeger.ts';
import { formatAmznTraceId, parseAmznTraceId } from '../../../../propagators/foreign/xray.ts';
import { S, T } from '../headers.ts';

const ZERO_TRACE = '0'.repeat(32);
const ZERO_SPAN = '0'.repeat(16);
const LOW = T.slice(16);
const ROOT = `1-${T.slice(0, 8)}-${T.slice(8)}`;
const decimal = (hex: string) => BigInt(`0x${hex}`).toString();
const DATADOG = {
  'x-datadog-trace-id': decimal(LOW),
  'x-datadog-parent-id': decimal(S),
};

const yes: ForeignParent = { traceId: T, spanId: S, sampled: true };
const no: ForeignParent = { ...yes, sampled: false };
const open: ForeignParent = { ...yes, sampled: undefined };
const short: ForeignParent = { ...yes, traceId: `${ZERO_SPAN}${LOW}` };

type Vector = readonly [text: string, parent: ForeignParent | typeof NO_SPAN | undefined];

const B3: Vector[] = [
  [`${T}-${S}-1`, yes],
  [`${T}-${S}-0`, no],
  [`${T}-${S}`, open],
  [`${T}-${S}-d`, { ...yes, debug: true }],
  [`${T}-${S}-1-${S}`, yes],
  [`${T}-${S}-${S}`, open],
  [`${LOW}-${S}-1`, short],
  [`${T}-${S}-1`.toUpperCase(), yes],
  ['0', NO_SPAN],
  ['1', NO_SPAN],
  ['d', NO_SPAN],
  [`${T}-${S}-2`, undefined],
  [`${T}-${S}-`, undefined],
  [`${T}-${S}-1-${S}-`, undefined],
  [`${T}-${S}-1 `, undefined],
  [`x${T}-${S}-1`, undefined],
  [`${T.slice(1)}-${S}-1`, undefined],
  [`${T}0-${S}-1`, undefined],
  [`${T}`, undefined],
  [`${ZERO_TRACE}-${S}-1`, undefined],
  [`${ZERO_SPAN}-${S}-1`, undefined],
  [`${T}-${ZERO_SPAN}-1`, undefined],
];

const JAEGER: Vector[] = [
  [`${T}:${S}:0:1`, yes],
  [`${T}:${S}:${S}:0`, no],
  [`${T}:${S}::03`, yes],
  [`${T}:${S}:0:2`, no],
  [`${T}%3A${S}%3a0%3A1`, yes],
  [`${LOW}:${S}:0:1`, short],
  ['af7:b:0:1', { traceId: `${'0'.repeat(29)}af7`, spanId: '000000000000000b', sampled: true }],
  [`${T}:${S}:0:100`, undefined],
  [`${T}:${S}:0`, undefined],
  [`${T}:${S}:0:1:`, undefined],
  [`${T}0:${S}:0:1`, undefined],
  [`${T}:${S}0:0:1`, undefined],
  [`${T}:${S}:0:x`, undefined],
  [`${T}%3${S}:0:1`, undefined],
  [`0:${S}:0:1`, undefined],
  [`${T}:0:0:1`, undefined],
  ['%', undefined],
];

const XRAY: Vector[] = [
  [`Root=${ROOT};Parent=${S};Sampled=1`, yes],
  [`Root=${ROOT};Parent=${S};Sampled=0`, no],
  [`Root=${ROOT};Parent=${S};Sampled=?`, open],
  [`Root=${ROOT};Parent=${S}`, open],
  [`Sampled=1; Parent=${S} ;Root=${ROOT};`, yes],
  [
    `Self=1-67891234-12456789abcdef012345678;Root=${ROOT};Parent=${S};Sampled=1;Lineage=a87bd80c:1|68fd508a:5`,
    yes,
  ],
  [`Root=${ROOT}`, NO_SPAN],
  [`Root=${ROOT};Sampled=1`, NO_SPAN],
  [`Parent=${S};Sampled=1`, undefined],
  [`Root=2-${ROOT.slice(2)};Parent=${S}`, undefined],
  [`Root=${ROOT}0;Parent=${S}`, undefined],
  [`Root=${ROOT};Parent=${S.slice(1)}`, undefined],
  [`Root=${ROOT};Parent=${ZERO_SPAN}`, undefined],
  [`Root=1-00000000-${'0'.repeat(24)};Parent=${S}`, undefined],
  [`Root;Parent;=;;`, undefined],
];

describe('the text of', () => {
  it.each(B3)('b3 %s', (text, parent) => expect(parseB3(text)).toEqual(parent));
  it.each(JAEGER)('uber-trace-id %s', (text, parent) => expect(parseUberTraceId(text)).toEqual(parent));
  it.each(XRAY)('x-amzn-trace-id %s', (text, parent) => expect(parseAmznTraceId(text)).toEqual(parent));

  it.each([
    ['1', '0000000000000001'],
    ['18446744073709551615', 'ffffffffffffffff'],
    ['18446744073709551616', undefined],
    ['99999999999999999999', undefined],
    ['0', undefined],
    ['-1', undefined],
    ['1.0', undefined],
    ['0x1', undefined],
    ['1'.repeat(21), undefined],
  ])('a Datadog id %s', (text, hex) => expect(parseDatadogId(text)).toBe(hex));

  it.each([
    ['_dd.p.tid=640cfd8d00000000', '640cfd8d00000000'],
    ['_dd.p.dm=-4, _dd.p.tid=640cfd8d00000000,a=b', '640cfd8d00000000'],
    ['_dd.p.dm=-4', ZERO_SPAN],
    ['_dd.p.tid=640cfd8d0000000', undefined],
    ['_dd.p.tid=640cfd8d000000000', undefined],
    ['_dd.p.tid=640CFD8D0000000X', undefined],
  ])("Datadog's tags %s", (text, high) => expect(parseHighHalf(text)).toBe(high));
});

describe('headers of several parts', () => {
  const read = (format: ForeignFormat, headers: object) => {
    const context = new ForeignPropagator([format]).extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    return trace.getSpanContext(context);
  };
  const B3_IDS = { 'x-b3-traceid': T, 'x-b3-spanid': S };

  it.each([
    ['b3multi', { ...B3_IDS, 'x-b3-sampled': 'true' }, T, 1],
    ['b3multi', { ...B3_IDS, 'x-b3-sampled': 'False' }, T, 0],
    ['b3multi', { ...B3_IDS, 'x-b3-sampled': 'd' }, T, 1],
    ['b3multi', { ...B3_IDS, 'x-b3-sampled': '0', 'x-b3-flags': '1' }, T, 1],
    ['b3multi', { ...B3_IDS, 'x-b3-sampled': '0', 'x-b3-flags': '0' }, T, 0],
    ['datadog', { ...DATADOG, 'x-datadog-sampling-priority': '2' }, short.traceId, 1],
    ['datadog', { ...DATADOG, 'x-datadog-sampling-priority': '0' }, short.traceId, 0],
    ['datadog', { ...DATADOG, 'x-datadog-tags': `_dd.p.tid=${T.slice(0, 16)}` }, T, 1],
  ] as const)('%s %j', (format, headers, traceId, traceFlags) => {
    expect(read(format, headers)).toMatchObject({ traceId, spanId: S, traceFlags });
  });

  it.each([
    ['b3multi', { 'x-b3-traceid': T }, 0],
    ['b3multi', { 'x-b3-sampled': '1' }, 0],
    ['b3multi', { ...B3_IDS, 'x-b3-spanid': `${S}0` }, 1],
    ['b3multi', { ...B3_IDS, 'x-b3-traceid': T.slice(1) }, 1],
    ['datadog', { 'x-datadog-trace-id': '1' }, 0],
    ['datadog', { ...DATADOG, 'x-datadog-trace-id': '0' }, 1],
    ['datadog', { ...DATADOG, 'x-datadog-parent-id': T }, 1],
    ['masstransit', { 'MT-Activity-Id': `|${T}.${S}.` }, 1],
    ['googlepubsub', { googclient_traceparent: `ff-${T}-${S}-01` }, 1],
  ] as const)('name no span in %s %j; %d are malformed', (format, headers, malformed) => {
    const before = propagationCounters.malformed;
    expect(read(format, headers)).toBeUndefined();
    expect(propagationCounters.malformed - before).toBe(malformed);
  });

  it('continue the trace where only what says its decision or its high half is malformed', () => {
    const before = propagationCounters.malformed;
    expect(read('b3multi', { ...B3_IDS, 'x-b3-sampled': 'perhaps' })?.traceId).toBe(T);
    const datadog = { ...DATADOG, 'x-datadog-sampling-priority': 'keep', 'x-datadog-tags': '_dd.p.tid=x' };
    expect(read('datadog', datadog)?.traceId).toBe(short.traceId);
    expect(propagationCounters.malformed - before).toBe(3);
  });
});

describe('what is written', () => {
  const hex = (length: number) =>
    fc
      .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
      .filter((id) => !/^0+$/.test(id));
  const parents = fc.record({
    traceId: fc.oneof(
      hex(32),
      hex(16).map((low) => `${ZERO_SPAN}${low}`),
    ),
    spanId: hex(16),
    sampled: fc.boolean(),
  });

  it('is read again, in every format', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FOREIGN_FORMATS), parents, (format, { sampled, ...ids }) => {
        // Datadog's low half is an id by itself, and zero is none.
        fc.pre(format !== 'datadog' || ids.traceId.slice(16) !== ZERO_SPAN);
        const propagator = new ForeignPropagator([format]);
        const traceFlags = sampled ? 1 : 0;
        const context = trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceFlags });
        const headers: Record<string, string> = {};
        propagator.inject(context, headers, defaultTextMapSetter);
        expect(propagator.fields()).toEqual(expect.arrayContaining(Object.keys(headers)));
        const received = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
        expect(trace.getSpanContext(received)).toMatchObject({ ...ids, traceFlags, isRemote: true });
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves an open decision out, where the format can', () => {
    expect(formatB3(open)).toBe(`${T}-${S}`);
    expect(formatAmznTraceId(open)).toBe(`Root=${ROOT};Parent=${S}`);
    expect(formatUberTraceId(open)).toBe(`${T}:${S}:0:1`);
  });
});

it('no parser throws or takes longer on any text', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 512 }),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdef-:;=%?,dRP'), maxLength: 512 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      for (const parse of [parseB3, parseUberTraceId, parseAmznTraceId]) {
        const parent = parse(text);
        if (parent === undefined || parent === NO_SPAN) continue;
        expect(parent.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
        expect(parent.spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
      }
      expect(parseDatadogId(text) ?? S).toMatch(/^[0-9a-f]{16}$/);
      expect(parseHighHalf(text) ?? S).toMatch(/^[0-9a-f]{16}$/);
    }),
    { numRuns: 2000 },
  );
});
