import { propagation, ROOT_CONTEXT, type TextMapGetter, type TextMapSetter, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AmqpHeaders } from '../../../propagators/amqp.ts';
import { FOREIGN_FORMATS, ForeignPropagator, readForeign } from '../../../propagators/foreign/index.ts';
import { KafkaHeaders } from '../../../propagators/kafka.ts';
import { SentryPropagator } from '../../../propagators/propagator.ts';
import { receive } from './foreign/received.ts';
import { S, S2, T, T2 } from './headers.ts';

const propagator = new SentryPropagator();
const foreign = new ForeignPropagator(FOREIGN_FORMATS);

/** The carriers as what they are behind their types: getters and setters of any object. */
type Headers = TextMapGetter<unknown> & TextMapSetter<unknown>;
const GETTERS: [string, Headers][] = [
  ['Kafka', KafkaHeaders as Headers],
  ['AMQP', AmqpHeaders as Headers],
];

const OURS = [...propagator.fields(), ...foreign.fields()];
/** What is well formed, by the header it belongs in. */
const VALID: Readonly<Record<string, string>> = {
  traceparent: `00-${T}-${S}-01`,
  'sentry-trace': `${T}-${S}-1`,
  baggage: `sentry-trace_id=${T},a=1`,
  b3: `${T}-${S}-1`,
  'uber-trace-id': `${T}:${S}:0:1`,
  'x-b3-traceid': T,
  'x-b3-spanid': S,
  'x-datadog-trace-id': '1',
  'x-datadog-parent-id': '1',
  'x-amzn-trace-id': `Root=1-${T.slice(0, 8)}-${T.slice(8)};Parent=${S}`,
  'MT-Activity-Id': `00-${T}-${S}-01`,
};

const inAnyCase = (name: string) =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) =>
      [...name].map((char, index) => (upper[index] ? char.toUpperCase() : char.toLowerCase())).join(''),
    );
const ourName = fc.constantFrom(...OURS).chain((name) => fc.oneof(fc.constant(name), inAnyCase(name)));
const name = fc.oneof(
  { weight: 4, arbitrary: ourName },
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '', 'headers'),
  fc.string({ unit: 'binary' }),
);

const text = fc.oneof(
  fc.constantFrom(...Object.values(VALID)),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef-:;,=% "'), maxLength: 80 }),
);
const huge = fc
  .record({
    unit: fc.constantFrom('a=1,', '%', '-', '0', ';', 'ü', `${T}-${S}-1,`),
    length: fc.constantFrom(513, 65_536, 65_537, 300_000),
  })
  .map(({ unit, length }) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length));

const thrower = () => {
  throw new Error('hostile');
};
const trapped = new Proxy({}, { get: thrower, has: thrower, getPrototypeOf: thrower, ownKeys: thrower });
const { proxy: revoked, revoke } = Proxy.revocable([], {});
revoke();

// fast-check looks into the values it makes, so what throws at a look is put in where the headers are built.
const TRAPS = new Map<unknown, unknown>([
  [Symbol('trapped'), trapped],
  [Symbol('revoked'), revoked],
  [Symbol('list of them'), [trapped, revoked]],
]);

const scalar = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 2, arbitrary: text.map((item) => Buffer.from(item)) },
  huge,
  huge.map((item) => Buffer.from(item)),
  fc.uint8Array(),
  fc.constantFrom(...TRAPS.keys()),
  fc.constantFrom(null, undefined, true, 7, 7n, Number.NaN, thrower, new Date(0), new ArrayBuffer(8)),
  fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
);
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(scalar, { maxLength: 80 }),
  text.map((item) => Array(5000).fill(item)),
  fc.dictionary(name, scalar, { maxKeys: 4 }),
);
const entries = fc.array(fc.tuple(name, value), { maxLength: 20 });

interface Watched {
  readonly headers: Record<string, unknown>;
  /** What was done to the headers beyond reading them. */
  readonly offences: string[];
}

/** A header map that notes every attempt to change it, or to have one of its tables say what it is. */
function watch(items: readonly (readonly [string, unknown])[]): Watched {
  const offences: string[] = [];
  const offence = (what: string) => () => {
    offences.push(what);
    return true;
  };
  const handler: ProxyHandler<object> = {
    set: offence('set'),
    defineProperty: offence('defineProperty'),
    deleteProperty: offence('deleteProperty'),
    setPrototypeOf: offence('setPrototypeOf'),
    preventExtensions: offence('preventExtensions'),
  };
  const watched = (item: unknown): unknown => {
    if (TRAPS.has(item)) return TRAPS.get(item);
    if (Array.isArray(item)) return new Proxy(item.map(watched), handler);
    if (item === null || typeof item !== 'object' || ArrayBuffer.isView(item)) return item;
    const said = { toString: offence('toString'), valueOf: offence('valueOf'), toJSON: offence('toJSON') };
    return new Proxy({ ...item, ...said }, handler);
  };
  const headers: Record<string, unknown> = {};
  for (const [key, item] of items) define(headers, key, { value: watched(item), writable: true });
  return { headers: new Proxy<Record<string, unknown>>(headers, handler), offences };
}

function define(headers: object, key: string, property: PropertyDescriptor): void {
  // Assigning __proto__ would change the prototype.
  Object.defineProperty(headers, key, { enumerable: true, configurable: true, ...property });
}

describe.each(GETTERS)('a hostile message on %s', (_broker, headersOf) => {
  it('is read without throwing, and not touched but for reading', () => {
    fc.assert(
      fc.property(entries, (items) => {
        const { headers, offences } = watch(items);
        const bytes = items.map(([, item]) =>
          ArrayBuffer.isView(item) ? Buffer.from(item.buffer.slice(0)) : null,
        );
        const started = performance.now();
        const { span, context } = receive(headers, headersOf);
        const viaForeign = foreign.extract(ROOT_CONTEXT, headers, headersOf);
        // Six megabytes and more, of which at most 64 KiB of a value are ever decoded.
        expect(performance.now() - started).toBeLessThan(1000);
        for (const parent of [span, trace.getSpanContext(viaForeign)]) {
          if (parent === undefined) continue;
          expect(parent.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
          expect(parent.spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
        }
        propagation.getBaggage(context)?.getAllEntries();
        expect(offences).toEqual([]);
        for (const [index, [, item]] of items.entries()) {
          if (ArrayBuffer.isView(item)) expect(Buffer.from(item.buffer)).toEqual(bytes[index]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is read without throwing where its own accessors and traps throw', () => {
    const proxies: ProxyHandler<object>[] = [
      { get: thrower },
      { ownKeys: thrower },
      { has: thrower, getPrototypeOf: thrower },
      { getOwnPropertyDescriptor: thrower },
      { ownKeys: () => ['traceparent', 'traceparent'] },
    ];
    fc.assert(
      fc.property(entries, ourName, fc.constantFrom(...proxies), (items, trap, handler) => {
        const { headers } = watch(items);
        const accessors = { ...VALID };
        define(accessors, trap, { get: thrower });
        for (const carrier of [
          accessors,
          new Proxy(headers, handler),
          Object.create(accessors),
          revoked,
          trapped,
        ]) {
          receive(carrier, headersOf);
          foreign.extract(ROOT_CONTEXT, carrier, headersOf);
          propagator.inject(ROOT_CONTEXT, carrier, headersOf);
          foreign.inject(trace.setSpanContext(ROOT_CONTEXT, IDS), carrier, headersOf);
        }
      }),
    );
  });

  it('is forwarded with our trace context whole, and nothing else changed', () => {
    fc.assert(
      fc.property(entries, (items) => {
        const { headers, offences } = watch(items);
        const copy = { ...headers };
        const context = trace.setSpanContext(ROOT_CONTEXT, IDS);
        for (const each of [foreign, propagator]) each.inject(context, copy, headersOf);
        expect(receive(copy, headersOf)).toMatchObject({ traceId: T2, spanId: S2 });
        const fromForeign = foreign.extract(ROOT_CONTEXT, copy, headersOf);
        expect(trace.getSpanContext(fromForeign)).toMatchObject({ traceId: T2, spanId: S2 });
        const spellings = Object.keys(copy).filter((key) => /^(traceparent|sentry-trace|b3)$/i.test(key));
        expect(spellings.toSorted()).toEqual(['b3', 'sentry-trace', 'traceparent']);
        for (const key of Object.keys(headers)) {
          const ours = OURS.some((field) => field.toLowerCase() === key.toLowerCase());
          if (!ours) expect(Object.is(copy[key], headers[key])).toBe(true);
        }
        expect(offences).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

const IDS = { traceId: T2, spanId: S2, traceFlags: 1 };

describe('a message with 20,000 headers', () => {
  const ROUNDS = 12;

  /** The fastest of several rounds, in milliseconds: a busy machine slows some of them, slow code all. */
  function fastest(headers: object, operation: (copy: object) => void): number {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      const copy = { ...headers };
      const started = performance.now();
      operation(copy);
      best = Math.min(best, performance.now() - started);
    }
    return best;
  }

  function manyHeaders(nameOf: (index: number) => string, more: object): object {
    const names = Array.from({ length: 20_000 }, (_, index) => nameOf(index));
    return { ...more, ...Object.fromEntries(names.map((each) => [each, Buffer.from('x')])) };
  }

  it.each([
    ['of other names', (index: number) => `header-${index}`, {}],
    ['of names as long as ours', (index: number) => `TRACE${String(index).padStart(6, '0')}`, {}],
    ['and B3 in mixed case', (index: number) => `x-b3-${index}`, { 'X-B3-TraceId': T, 'X-B3-SpanId': S }],
    [
      'and a stale context in capitals',
      (index: number) => `header-${index}`,
      { TRACEPARENT: `00-${T}-${S}-01`, Baggage: 'a=1' },
    ],
  ])('%s costs extract, fallback and inject less than 50 ms', (_what, nameOf, more) => {
    const context = trace.setSpanContext(ROOT_CONTEXT, IDS);
    const best = fastest(manyHeaders(nameOf, more), (headers) => {
      receive(headers, AmqpHeaders as Headers);
      propagator.inject(context, headers, AmqpHeaders as Headers);
    });
    expect(best).toBeLessThan(50);
  });

  it('costs the fallback less than 10 ms', () => {
    for (const more of [{}, { 'X-B3-TraceId': T, 'X-B3-SpanId': S, 'X-B3-Sampled': '1' }]) {
      const headers = manyHeaders((index) => `x-b3-${index}`, more);
      const best = fastest(headers, (copy) => readForeign(copy, KafkaHeaders as Headers));
      expect(best).toBeLessThan(10);
    }
  });
});
