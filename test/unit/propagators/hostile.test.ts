import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmqpHeaders } from '../../../propagators/amqp.ts';
import { KafkaHeaders } from '../../../propagators/kafka.ts';
import { SentryPropagator } from '../../../propagators/propagator.ts';
import { SentryTraceState } from '../../../propagators/sentry-trace-state.ts';
import { S, T } from './headers.ts';

const propagator = new SentryPropagator();

const hexId = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    .filter((id) => !/^0+$/.test(id));

/** Header text: anything, what nearly fits the grammar, and what does. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef-,=;% "@\t') }),
  fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/),
  fc.stringMatching(/^[0-9a-f]{32}-[0-9a-f]{16}(-[01])?$/),
  fc.stringMatching(/^(sentry-)?[a-z_%]{1,8}=[!-~]{0,8}(,[ a-z0-9@=;%.-]{0,20}){0,3}$/),
);

const thrower = () => {
  throw new Error('hostile');
};

// fast-check itself looks into the values it makes, so the trap is set where the carrier is built.
const TRAP = Symbol('trap');
const trap = new Proxy([], { get: thrower, has: thrower, getPrototypeOf: thrower });

const value = fc.oneof(
  { weight: 3, arbitrary: text },
  text.map((item) => Buffer.from(item)),
  fc.uint8Array(),
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withTypedArray: true,
  }),
  fc.array(fc.oneof(text, fc.uint8Array(), fc.anything())),
  fc.constantFrom(
    null,
    undefined,
    thrower,
    Symbol('x'),
    { toString: 'x' },
    { toString: thrower, valueOf: thrower },
  ),
  fc.constant(TRAP),
);

const name = fc.constantFrom(
  ...['traceparent', 'tracestate', 'sentry-trace', 'baggage', 'Traceparent', 'SENTRY-TRACE', 'Baggage'],
  ...['__proto__', 'constructor', 'toString', 'other'],
);

/** Own properties, some inherited, some behind getters that throw. */
const carrier = fc
  .record({
    own: fc.array(fc.tuple(name, value), { maxLength: 8 }),
    inherited: fc.option(fc.dictionary(name, value), { nil: undefined }),
    traps: fc.array(name, { maxLength: 1 }),
  })
  .map(({ own, inherited, traps }) => {
    const headers: Record<string, unknown> = Object.create(inherited ?? null);
    const define = (key: string, property: PropertyDescriptor) =>
      Object.defineProperty(headers, key, { enumerable: true, configurable: true, ...property });
    for (const [key, item] of own) define(key, { value: item === TRAP ? trap : item, writable: true });
    for (const key of traps) define(key, { get: thrower });
    return headers;
  });

const getters: TextMapGetter<unknown>[] = [
  defaultTextMapGetter,
  KafkaHeaders as TextMapGetter<unknown>,
  AmqpHeaders as TextMapGetter<unknown>,
  { keys: thrower, get: thrower },
];

describe('any carrier whatever', () => {
  it('is read without throwing, without being changed, and gives a valid parent or none', () => {
    fc.assert(
      fc.property(carrier, fc.constantFrom(...getters), (headers, getter) => {
        const frozen = Object.freeze(headers);
        const context = propagator.extract(ROOT_CONTEXT, frozen, getter);
        const span = trace.getSpanContext(context);
        if (span !== undefined) {
          expect(span.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
          expect(span.spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
          expect([0, 1]).toContain(span.traceFlags);
          expect(SentryTraceState.of(span)).toBeDefined();
        }
        propagation.getBaggage(context)?.getAllEntries();
      }),
      { numRuns: 2000 },
    );
  });

  it('is written to without throwing, and only with what every transport takes', () => {
    fc.assert(
      fc.property(carrier, carrier, fc.constantFrom(...getters), (received, outgoing, getter) => {
        const context = propagator.extract(ROOT_CONTEXT, received, getter);
        const written: Record<string, string> = {};
        propagator.inject(context, outgoing, {
          set: (_carrier, key, text) => {
            written[key] = text;
          },
        });
        for (const [key, text] of Object.entries(written)) {
          expect(text).toMatch(/^[\t\x20-\x7e]*$/);
          expect(text.length).toBeLessThanOrEqual(key === 'tracestate' ? 512 : 8192);
          if (key === 'tracestate') expect(text).not.toBe('');
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a round trip', () => {
  const baggage = fc.dictionary(
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
      .filter((key) => key.trim() === key && !key.startsWith('sentry-')),
    fc.record({
      value: fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => text.trim() === text),
    }),
    { maxKeys: 20 },
  );

  it.each([
    ['HTTP', defaultTextMapGetter, defaultTextMapSetter],
    ['Kafka', KafkaHeaders, KafkaHeaders],
    ['AMQP', AmqpHeaders, AmqpHeaders],
  ])('over %s keeps ids, both decisions, sampling context and baggage', (_name, getter, setter) => {
    fc.assert(
      fc.property(
        fc.record({ traceId: hexId(32), spanId: hexId(16), traceFlags: fc.constantFrom(0, 1) }),
        fc.record({ sampled: fc.constantFrom(true, false, undefined), random: fc.boolean() }),
        fc.option(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map(Math.abs), {
          nil: undefined,
        }),
        baggage,
        (ids, decision, rand, entries) => {
          const sampleRand = rand === undefined ? undefined : String(rand);
          const dsc = `sentry-trace_id=${ids.traceId}${sampleRand === undefined ? '' : `,sentry-sample_rand=${sampleRand}`}`;
          const traceState = new SentryTraceState({ ...decision, dsc });
          const span = trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceState });
          const wire: Record<string, unknown> = {};
          const sent = propagation.createBaggage(entries);
          propagator.inject(propagation.setBaggage(span, sent), wire, setter);
          const context = propagator.extract(ROOT_CONTEXT, wire, getter);
          expect(trace.getSpanContext(context)).toMatchObject({ ...ids, isRemote: true });
          expect(SentryTraceState.of(trace.getSpanContext(context))?.sentry).toEqual({
            ...decision,
            dsc,
            sampleRand,
            otelDecided: true,
            rival: undefined,
          });
          const received = propagation.getBaggage(context)?.getAllEntries() ?? [];
          expect(new Map(received)).toEqual(new Map(sent.getAllEntries()));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('of all tracestates a sender may write keeps them as they are', () => {
    const member = fc
      .tuple(
        fc.stringMatching(/^[0-9a-z][_0-9a-z\-*/@]{0,20}$/),
        fc.stringMatching(/^[ -+\--<>-~]{0,10}[!-+\--<>-~]$/),
      )
      .filter(([key]) => !/^sentry([.-]|$)/.test(key));
    const tracestates = fc
      .uniqueArray(member, { minLength: 1, maxLength: 14, selector: ([key]) => key })
      .map((members) => members.map((pair) => pair.join('=')).join(','));
    fc.assert(
      fc.property(tracestates, (tracestate) => {
        const headers = { traceparent: `00-${T}-${S}-01`, tracestate };
        const context = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
        const wire: Record<string, string> = {};
        propagator.inject(context, wire, defaultTextMapSetter);
        expect(wire.tracestate).toBe(tracestate);
      }),
    );
  });
});
