import { describe, expect, it } from 'vitest';
import { parseBaggage } from '../../../propagators/baggage.ts';
import { propagationCounters } from '../../../propagators/counters.ts';
import {
  formatBaggage,
  joinWithinLimits,
  mergeCarrierBaggage,
} from '../../../propagators/outgoing-baggage.ts';

const T = '0af7651916cd43dd8448eb211c80319c';
const DSC = `sentry-environment=production,sentry-trace_id=${T},sentry-sampled=true,sentry-sample_rand=0.123456789012345,sentry-org_id=42`;

const entriesOf = (text: string | string[]) =>
  parseBaggage(text)
    .thirdParty?.getAllEntries()
    .map(([key, { value, metadata }]) => [key, value, ...(metadata ? [metadata.toString()] : [])]);

describe('received baggage', () => {
  it("is Sentry's members for Sentry and the others for the application, wherever they stand", () => {
    const { sentry, thirdParty } = parseBaggage(`tenant=acme, ${DSC} ,user=1`);
    expect(sentry?.dsc).toBe(DSC);
    expect(sentry).toMatchObject({ traceId: T, sampled: true, sampleRand: '0.123456789012345', orgId: '42' });
    expect(thirdParty?.getAllEntries()).toEqual([
      ['tenant', { value: 'acme' }],
      ['user', { value: '1' }],
    ]);
  });

  it.each([
    ['percent-encoding', 'k%C3%A9=a%20b', [['ké', 'a b']]],
    [
      'what only looks percent-encoded',
      'k=100%,l=%zz',
      [
        ['k', '100%'],
        ['l', '%zz'],
      ],
    ],
    ['properties', 'k=v;p1;p2=x', [['k', 'v', 'p1;p2=x']]],
    ['equals signs in a value', 'k=a=b', [['k', 'a=b']]],
    ['an empty value', 'k=', [['k', '']]],
    [
      '__proto__ and constructor',
      '__proto__=1,constructor=2',
      [
        ['__proto__', '1'],
        ['constructor', '2'],
      ],
    ],
    [
      'blanks around keys and values',
      ' k = v ; p ,\tl=2',
      [
        ['k', 'v', ' p'],
        ['l', '2'],
      ],
    ],
  ])('reads %s', (_name, text, expected) => {
    expect(entriesOf(text)).toEqual(expected);
  });

  it.each(['novalue', '=v', ';p=1', 'p;k=v', '%73entry-trace_id=x', 'sentry-=1', 'sentry-x'])(
    'leaves out and counts %s',
    (text) => {
      const { malformed } = propagationCounters;
      expect(parseBaggage(text)).toMatchObject({ sentry: undefined, thirdParty: undefined });
      expect(propagationCounters.malformed).toBe(malformed + 1);
    },
  );

  it('merges repeated headers; of two sampling contexts the last counts, whole (behaviour 5)', () => {
    const stale = `sentry-trace_id=${'1'.repeat(32)},sentry-transaction=old,a=1,b=1`;
    const { sentry } = parseBaggage([stale, `${DSC},b=2`]);
    expect(sentry?.dsc).toBe(DSC);
    expect(entriesOf([stale, `${DSC},b=2`])).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  it('takes the later members where a proxy joined two sampling contexts in one header', () => {
    const joined = parseBaggage(`sentry-trace_id=${'1'.repeat(32)},sentry-environment=old,${DSC}`).sentry;
    expect(joined?.traceId).toBe(T);
    expect(joined?.dsc.split(',').toSorted()).toEqual(DSC.split(',').toSorted());
  });

  it.each(['1', '1.5', '9e-0', '-0.1', 'abc', '', '0x1', 'NaN', ' ', '0.1.2', `0.${'1'.repeat(40)}`])(
    'takes no sample_rand that is no number in [0, 1): %j',
    (text) => {
      expect(
        parseBaggage(`sentry-trace_id=${T},sentry-sample_rand=${text}`).sentry?.sampleRand,
      ).toBeUndefined();
    },
  );

  it.each(['0', '0.5', '.5', '5e-7', '1.5e-7', '0.014974962917522427'])(
    'keeps sample_rand %s as it is',
    (text) => {
      expect(parseBaggage(`sentry-sample_rand=${text}`).sentry?.sampleRand).toBe(text);
    },
  );

  it('reads 8 KiB, up to the last whole member, and counts the rest (behaviour 11)', () => {
    const { oversized } = propagationCounters;
    const member = (name: string) => `${name}=${'x'.repeat(2000)}`;
    expect(entriesOf(['a', 'b', 'c', 'd', 'e'].map(member).join(','))?.map(([key]) => key)).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
    expect(entriesOf([member('a'), member('b').repeat(4), 'c=1'])?.map(([key]) => key)).toEqual(['a']);
    expect(entriesOf(`k=${'x'.repeat(9000)}`)).toBeUndefined();
    expect(propagationCounters.oversized).toBeGreaterThanOrEqual(oversized + 3);
  });

  it("reads 64 third-party members, and Sentry's beside them (behaviour 11)", () => {
    const many = Array.from({ length: 70 }, (_, i) => `k${i}=${i}`).join(',');
    expect(entriesOf(`${many},${DSC}`)).toHaveLength(64);
    expect(parseBaggage(`${many},${DSC}`).sentry?.dsc).toBe(DSC);
  });
});

describe('baggage that goes out', () => {
  const received = (text: string) => parseBaggage(text).thirdParty;

  it('is what came in, to the letter, when nobody changed it', () => {
    const text = 'k=100%,l=%zz;p=1,m=a%20b';
    expect(formatBaggage(received(text))).toBe(text);
  });

  it('is encoded anew after a change', () => {
    const changed = received('k=100%;p,l=1')?.setEntry('a b', { value: 'ü,;"\\ \ud800' }).removeEntry('l');
    expect(formatBaggage(changed)).toBe('k=100%25;p,a%20b=%C3%BC%2C%3B%22%5C%20%EF%BF%BD');
  });

  it("never carries Sentry's members out of the context's baggage", () => {
    expect(formatBaggage(received('a=1')?.setEntry('sentry-trace_id', { value: T }))).toBe('a=1');
  });

  it('is printable ASCII whatever bytes came in, so that no HTTP client throws', () => {
    const { sentry, thirdParty } = parseBaggage('k=é€\r\nx: y,lone=\ud800,sentry-release=ü\u0000');
    expect(formatBaggage(thirdParty)).toBe('k=%C3%A9%E2%82%AC%0D%0Ax: y,lone=%EF%BF%BD');
    expect(thirdParty?.getEntry('k')?.value).toBe('é€\r\nx: y');
    expect(sentry?.dsc).toBe('sentry-release=%C3%BC%00');
  });

  it('keeps what stands on the carrier, key by key (behaviour 10)', () => {
    const carrier = ['a=carrier,b=2', 'sentry-release=1,c=3'];
    expect(mergeCarrierBaggage('a=context', carrier, true)).toBe('a=context,b=2,c=3');
    expect(mergeCarrierBaggage('a=context', carrier, false)).toBe('a=context,b=2,sentry-release=1,c=3');
  });

  it("keeps 8 KiB and 64 members: third-party members go, Sentry's stay (behaviour 12)", () => {
    const { droppedOutbound } = propagationCounters;
    const big = `a=${'x'.repeat(5000)},b=${'x'.repeat(5000)},c=1`;
    expect(joinWithinLimits(DSC, big, 8192)).toBe(`${DSC},a=${'x'.repeat(5000)},c=1`);
    const many = Array.from({ length: 70 }, (_, i) => `k${i}=${i}`).join(',');
    const fitted = joinWithinLimits(DSC, many, 8192).split(',');
    expect(fitted).toHaveLength(64);
    expect(fitted.slice(0, 5).join(',')).toBe(DSC);
    expect(propagationCounters.droppedOutbound).toBe(droppedOutbound + 1 + 11);
  });
});
