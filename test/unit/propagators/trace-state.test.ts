import { TraceState as CoreTraceState } from '@opentelemetry/core';
import { describe, expect, it } from 'vitest';
import { propagationCounters } from '../../../propagators/counters.ts';
import { formatTraceState, parseTraceState, W3CTraceState } from '../../../propagators/trace-state.ts';

const members = (count: number) => Array.from({ length: count }, (_, i) => `bar${i}=${i}`).join(',');
const KEY_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789_-*/';
const VALUE_CHARACTERS = String.fromCharCode(
  ...Array.from({ length: 0x7f - 0x20 }, (_, i) => i + 0x20).filter((code) => code !== 0x2c && code !== 0x3d),
);

describe('tracestate (W3C Trace Context level 2)', () => {
  it.each([
    ['in order and verbatim', 'foo=1,bar=2', 'foo=1,bar=2'],
    ['with blanks around members', 'foo=1 \t , \t bar=2, \t baz=3', 'foo=1,bar=2,baz=3'],
    ['with blanks around the list', '\t foo=1 \t', 'foo=1'],
    ['with empty members', ',foo=1, ,,bar=2,', 'foo=1,bar=2'],
    [
      'with all legal characters',
      `${KEY_CHARACTERS}=${VALUE_CHARACTERS}`,
      `${KEY_CHARACTERS}=${VALUE_CHARACTERS}`,
    ],
    ['with a tenant key', `${KEY_CHARACTERS}@a-z0-9_-*/=1`, `${KEY_CHARACTERS}@a-z0-9_-*/=1`],
    ['with at signs anywhere', 'foo@=1,foo@@bar=1,foo@bar@baz=1', 'foo@=1,foo@@bar=1,foo@bar@baz=1'],
    ['with a leading digit', '1a-2b*3=x', '1a-2b*3=x'],
    ['with a key of 256 characters', `foo=1,${'z'.repeat(256)}=1`, `foo=1,${'z'.repeat(256)}=1`],
    ['with a long tenant', `${'t'.repeat(242)}@v=1`, `${'t'.repeat(242)}@v=1`],
    ['with a value that starts with a space', 'foo= 1', 'foo= 1'],
    ['with 32 members', members(32), members(32)],
  ])('is kept %s', (_name, received, sent) => {
    expect(parseTraceState(received)?.serialize()).toBe(sent);
  });

  it('keeps the first of several members with one key', () => {
    expect(parseTraceState('foo=1,foo=1')?.serialize()).toBe('foo=1');
    expect(parseTraceState('foo=1,bar=3,foo=2')?.serialize()).toBe('foo=1,bar=3');
  });

  it.each([
    ['a blank in a key', 'ok=1,foo =1'],
    ['an uppercase key', 'FOO=1,ok=1'],
    ['a dot in a key', 'foo.bar=1,ok=1'],
    ['a leading at sign', '@foo=1,ok=1'],
    ['a key of 257 characters', `ok=1,${'z'.repeat(257)}=1`],
    ['an equals sign in a value', 'ok=1,foo=bar=baz'],
    ['an empty value', 'foo=,ok=3'],
    ['a value of 257 characters', `ok=1,foo=${'x'.repeat(257)}`],
    ['a control character', 'ok=1,foo=a\u0007b'],
    ['a letter beyond ASCII', 'ok=1,foo=é'],
    ['no equals sign', 'ok=1,foo'],
    ['33 members', members(33)],
    ['more than 8 KiB', `ok=1,${' '.repeat(8192)}`],
  ])('is discarded whole for %s', (_name, received) => {
    const { malformed, oversized } = propagationCounters;
    expect(parseTraceState(received)).toBeUndefined();
    expect(propagationCounters.malformed + propagationCounters.oversized).toBe(malformed + oversized + 1);
  });

  it.each(['', ' ', ',', ' , \t'])('is none when empty (%j)', (received) => {
    expect(parseTraceState(received)).toBeUndefined();
  });

  it('loses what older Sentry SDKs wrote and keeps the rest (behaviour 36)', () => {
    const received =
      'sentry.dsc=sentry-environment=production,sentry-release=1,sentry.url=http://x/?a=b,sentry=1,congo=t61';
    expect(parseTraceState(received)?.serialize()).toBe('congo=t61');
    expect(parseTraceState('sentryish=1')?.serialize()).toBe('sentryish=1');
  });
});

describe('changing a trace state', () => {
  const state = parseTraceState('foo=1,bar=2') ?? W3CTraceState.EMPTY;

  it('puts the changed member in front and leaves the original alone', () => {
    expect(state.set('bar', '3').serialize()).toBe('bar=3,foo=1');
    expect(state.set('new', 'x').get('new')).toBe('x');
    expect(state.unset('foo').serialize()).toBe('bar=2');
    expect(state.get('foo')).toBe('1');
    expect(state.get('fo')).toBeUndefined();
    expect(state.serialize()).toBe('foo=1,bar=2');
  });

  it('refuses what would make the header illegal', () => {
    for (const [key, value] of [
      ['UP', '1'],
      ['k', 'a,b'],
      ['k', ''],
      ['sentry', '1'],
      ['k', 'trailing '],
    ] as const) {
      expect(state.set(key, value)).toBe(state);
    }
  });

  it('drops the last member beyond 32', () => {
    const full = parseTraceState(members(32))?.set('new', '1');
    expect(full?.serialize().startsWith('new=1,bar0=0,')).toBe(true);
    expect(full?.get('bar31')).toBeUndefined();
    expect(full?.get('bar30')).toBe('30');
  });
});

describe('the outbound tracestate header', () => {
  it('has at most 512 characters: long members go first, then the last ones, and both are counted', () => {
    const long = `long=${'x'.repeat(200)}`;
    const short = (name: string) => `${name}=${'y'.repeat(118)}`;
    const { droppedOutbound } = propagationCounters;
    expect(formatTraceState(parseTraceState([short('a'), long, short('b'), short('c')].join(',')))).toBe(
      [short('a'), short('b'), short('c')].join(','),
    );
    const five = ['a', 'b', 'c', 'd', 'e'].map(short);
    expect(formatTraceState(parseTraceState(five.join(',')))).toBe(five.slice(0, 4).join(','));
    expect(propagationCounters.droppedOutbound).toBe(droppedOutbound + 2);
  });

  it("takes another library's trace state by our rules", () => {
    expect(formatTraceState(new CoreTraceState('foo=1,bar=2'))).toBe('foo=1,bar=2');
    expect(formatTraceState(new CoreTraceState(''))).toBe('');
    const foreign = {
      ...new CoreTraceState(),
      serialize: () => 'sentry.dsc=a,congo=1',
    } as unknown as CoreTraceState;
    expect(formatTraceState(foreign)).toBe('congo=1');
  });
});
