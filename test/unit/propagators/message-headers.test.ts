import { defaultTextMapGetter } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { AmqpHeaders } from '../../../propagators/amqp.ts';
import { propagationCounters } from '../../../propagators/counters.ts';
import { KafkaHeaders } from '../../../propagators/kafka.ts';
import { SentryPropagator } from '../../../propagators/propagator.ts';
import { DSC, extract, S, S2, T, T2 } from './headers.ts';

const TP = `00-${T}-${S}-01`;
const STALE = `00-${T2}-${S2}-01`;
const traceIdOf = (headers: object, getter = KafkaHeaders) =>
  extract(headers, undefined, getter).span?.traceId;

describe('trace context on Kafka and AMQP messages', () => {
  it.each([
    ['bytes (behaviour 1)', { traceparent: Buffer.from(TP) }],
    ['a Uint8Array', { traceparent: new TextEncoder().encode(TP) }],
    ['text', { traceparent: TP }],
    ['JSON-quoted text, as Spring Cloud Sleuth sends it (behaviour 7)', { traceparent: `"${TP}"` }],
    ['JSON-quoted bytes', { traceparent: Buffer.from(`"${TP}"`) }],
    ['blanks around it', { traceparent: ` ${TP}\t` }],
    ['capitals (behaviour 6)', { TRACEPARENT: TP }],
    ['mixed case beside a null', { traceparent: null, TraceParent: TP }],
    ['a list, the valid one last (behaviour 5)', { traceparent: [Buffer.from(STALE), Buffer.from(TP)] }],
    ['a list, the last one invalid (behaviour 5)', { traceparent: [STALE, TP, 'nonsense', null, 7] }],
    [
      'two case variants beside the exact key (behaviour 6)',
      { Traceparent: STALE, TRACEPARENT: STALE, traceparent: TP },
    ],
    ['case variants alone, the last one valid', { Traceparent: STALE, TRACEPARENT: [TP] }],
    ['a future version', { traceparent: `cc-${T}-${S}-01-${'f'.repeat(400)}` }],
    ['a sentry-trace in bytes', { 'sentry-trace': Buffer.from(`${T}-${S}-1`) }],
  ])('is read from %s', (_name, headers) => {
    expect(traceIdOf(headers)).toBe(T);
    expect(traceIdOf(headers, AmqpHeaders)).toBe(T);
  });

  it.each([
    ['a number', 7],
    ['a boolean', true],
    ['a big integer', 7n],
    ['a date', new Date(0)],
    ['an AMQP timestamp', { '!': 'timestamp', value: 1 }],
    ['a table with a toString that is no function', { toString: 'x' }],
    ['a table with a toString that is', { toString: () => TP }],
    ['null', null],
    ['a function', () => TP],
    ['a nested list', [[TP]]],
  ])('is not read from %s, and nothing throws (behaviour 2)', (_name, value) => {
    const { ignoredValues } = propagationCounters;
    const headers = { traceparent: value, 'sentry-trace': value, baggage: value, tracestate: value };
    for (const getter of [AmqpHeaders, KafkaHeaders, defaultTextMapGetter]) {
      expect(extract(headers, undefined, getter).span).toBeUndefined();
    }
    // Without a traceparent nobody reads tracestate.
    expect(propagationCounters.ignoredValues).toBe(ignoredValues + 9);
  });

  it('is not read from a table that became the prototype of the headers (behaviour 3)', () => {
    const headers = Object.create({ traceparent: TP, 'sentry-trace': `${T}-${S}-1` });
    headers.other = '1';
    expect(traceIdOf(headers, AmqpHeaders)).toBeUndefined();
    expect(AmqpHeaders.keys(headers)).toEqual(['other']);
  });

  it('is not disturbed by headers named as object members are (behaviour 4)', () => {
    const headers: Record<string, unknown> = { traceparent: Buffer.from(TP) };
    for (const key of ['toString', 'constructor', 'hasOwnProperty'])
      headers[key] = [() => TP, Buffer.from('text')];
    expect(traceIdOf(headers)).toBe(T);
    expect(KafkaHeaders.get(headers as never, 'constructor')).toBe('text');
    expect(KafkaHeaders.get(headers as never, 'valueOf')).toBeUndefined();
  });

  it('merges all baggage headers (behaviour 5)', () => {
    const baggage = [Buffer.from(`tenant=acme,sentry-trace_id=${T2}`), Buffer.from(`${DSC},user=1`)];
    const { sentry, context } = extract({ 'sentry-trace': `${T}-${S}-1`, baggage }, undefined, KafkaHeaders);
    expect(sentry?.dsc).toBe(DSC);
    const carrier: Record<string, string> = {};
    new SentryPropagator({ formats: ['baggage'] }).inject(context, carrier, KafkaHeaders);
    expect(carrier.baggage).toBe('tenant=acme,user=1');
  });

  it('ignores and counts what is oversized before decoding it (behaviour 11)', () => {
    const { oversized } = propagationCounters;
    expect(traceIdOf({ traceparent: Buffer.alloc(10_000_000, TP) })).toBeUndefined();
    expect(traceIdOf({ traceparent: `${TP}-${'x'.repeat(512)}` })).toBeUndefined();
    expect(KafkaHeaders.get({ baggage: Array(5000).fill('a=1') }, 'baggage')).toHaveLength(64);
    expect(propagationCounters.oversized).toBe(oversized + 3);
  });

  it('is written as strings, case variants removed (behaviour 6)', () => {
    for (const setter of [KafkaHeaders, AmqpHeaders]) {
      const headers = {
        Traceparent: Buffer.from(STALE),
        TRACEPARENT: STALE,
        'Sentry-Trace': 'x',
        mine: Buffer.from('y'),
      };
      const context = extract({ traceparent: TP, 'sentry-trace': `${T}-${S}-1` }).context;
      new SentryPropagator().inject(context, headers, setter);
      expect(headers).toEqual({ mine: Buffer.from('y'), traceparent: TP, 'sentry-trace': `${T}-${S}-1` });
    }
  });

  it('is absent from a message without headers', () => {
    for (const none of [undefined, null]) {
      expect(KafkaHeaders.keys(none)).toEqual([]);
      expect(KafkaHeaders.get(none, 'traceparent')).toBeUndefined();
      expect(() => AmqpHeaders.set(none, 'traceparent', TP)).not.toThrow();
    }
  });
});
