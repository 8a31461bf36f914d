/** What is read from the headers of messages that other programs sent to RabbitMQ. */

import { expect } from 'vitest';
import {
  expectContinued,
  expectNewTrace,
  type Headers,
  type Relayed,
  relayed,
  relayedOne,
  spanOf,
} from './amqp-messages.ts';
import { behaviour, type Stage } from './harness.ts';
import { remoteSpan } from './remote.ts';

const AMQP = { variant: 'AMQP' };

behaviour(
  1,
  'ids and baggage that came as bytes are read, up to a size',
  async (stage) => {
    const parents = [remoteSpan(), remoteSpan(), remoteSpan()] as const;
    const [w3c, sentry, long] = await relayedAll(stage, [
      { traceparent: Buffer.from(parents[0].traceparent), baggage: Buffer.from('tenant=acme') },
      { 'sentry-trace': Buffer.from(parents[1].sentryTrace) },
      { traceparent: Buffer.from(parents[2].traceparent), baggage: Buffer.from(members(60, 900)) },
    ]);
    await expectContinued(stage, w3c, parents[0], 'traceparent as bytes');
    expect(w3c?.baggage, 'baggage as bytes').toEqual({ tenant: 'acme' });
    await expectContinued(stage, sentry, parents[1], 'sentry-trace as bytes');
    await expectContinued(stage, long, parents[2], 'beside 54 kB of baggage');
    expect(JSON.stringify(long?.baggage).length, 'of which 8 kB at most are read').toBeLessThanOrEqual(8192);
  },
  AMQP,
);

behaviour(
  2,
  'whatever is no text starts a new trace and reaches its handler',
  async (stage) => {
    const { traceparent } = remoteSpan();
    const values: readonly unknown[] = [
      42,
      true,
      { traceparent },
      { toString: 'x' },
      { '!': 'timestamp', value: 1_700_000_000 },
      { '!': 'decimal', value: { places: 2, digits: 314 } },
      [1, 2, [3]],
      null,
    ];
    const headers = values.map((value) => ({
      traceparent: value,
      tracestate: value,
      'sentry-trace': value,
      baggage: value,
      'sentry-task-enqueued-time': value === 42 ? true : value,
    }));
    for (const [index, relay] of (await relayedAll(stage, headers)).entries()) {
      await expectNewTrace(stage, relay, `${JSON.stringify(values[index])} as every header`);
      expect(relay.baggage).toEqual({});
    }
  },
  AMQP,
);

behaviour(3, 'a table named __proto__ is not followed, whatever stands beside it', async (stage) => {
  const parent = remoteSpan();
  const table = `{"traceparent":"${remoteSpan().traceparent}","baggage":"tenant=evil","sentry-trace":"${remoteSpan().sentryTrace}"}`;
  const [alone, beside] = await relayedAll(stage, [
    JSON.parse(`{"__proto__":${table}}`),
    JSON.parse(`{"__proto__":${table},"traceparent":"${parent.traceparent}"}`),
  ]);
  await expectNewTrace(stage, alone, 'a table named __proto__');
  expect(alone?.baggage).toEqual({});
  await expectContinued(stage, beside, parent, "the message's own header");
  expect((await spanOf(stage, beside ?? {})).links).toEqual([]);
});

behaviour(
  5,
  'of a repeated header the last valid value counts, and baggage adds up',
  async (stage) => {
    const [stale, fresh] = [remoteSpan(), remoteSpan()];
    const [both, invalid, sentry, baggage] = await relayedAll(stage, [
      { traceparent: [stale.traceparent, fresh.traceparent] },
      { traceparent: [stale.traceparent, fresh.traceparent, 'garbage', 7] },
      { 'sentry-trace': [stale.sentryTrace, Buffer.from(fresh.sentryTrace)] },
      { baggage: ['tenant=acme', 'user=ann,region=eu'] },
    ]);
    await expectContinued(stage, both, fresh, 'the last traceparent');
    await expectContinued(stage, invalid, fresh, 'the last valid traceparent');
    await expectContinued(stage, sentry, fresh, 'the last sentry-trace');
    expect(baggage?.baggage).toEqual({ tenant: 'acme', user: 'ann', region: 'eu' });
  },
  AMQP,
);

behaviour(
  6,
  'names in any case are read, lowercase first, and one lowercase header goes on',
  async (stage) => {
    const parents = [remoteSpan(), remoteSpan(), remoteSpan()] as const;
    const { traceparent: other } = remoteSpan();
    const headers = [
      { TRACEPARENT: parents[0].traceparent, Baggage: 'tenant=acme' },
      { 'Sentry-Trace': parents[1].sentryTrace },
      { TraceParent: other, traceparent: parents[2].traceparent, TRACEPARENT: other },
    ];
    const relays = await relayedAll(stage, headers, { type: 'forward' });
    for (const [index, parent] of parents.entries()) {
      const names = Object.keys(headers[index] ?? {});
      await expectContinued(stage, relays[index], parent, names.join());
      const sent = Object.keys(relays[index]?.sent ?? {}).map((name) => name.toLowerCase());
      expect(
        sent.filter((name) => name === 'traceparent'),
        `one after ${names}`,
      ).toHaveLength(1);
      expect(relays[index]?.sent.traceparent, `in lowercase, after ${names}`).toContain(parent.traceId);
    }
    expect(relays[0]?.baggage).toEqual({ tenant: 'acme' });
  },
  AMQP,
);

behaviour(
  7,
  'a value in JSON quotes is read without them',
  async (stage) => {
    const parents = [remoteSpan(), remoteSpan()] as const;
    const [w3c, sentry, half] = await relayedAll(stage, [
      { traceparent: JSON.stringify(parents[0].traceparent), baggage: '"tenant=acme"' },
      { 'sentry-trace': JSON.stringify(parents[1].sentryTrace) },
      { traceparent: `"${remoteSpan().traceparent}` },
    ]);
    await expectContinued(stage, w3c, parents[0], 'a quoted traceparent');
    expect(w3c?.baggage).toEqual({ tenant: 'acme' });
    await expectContinued(stage, sentry, parents[1], 'a quoted sentry-trace');
    await expectNewTrace(stage, half, 'half a pair of quotes');
  },
  AMQP,
);

behaviour(
  8,
  'what is no valid id starts a new trace, and nothing else of it goes on',
  async (stage) => {
    const { traceId, spanId } = remoteSpan();
    const zeros = '0'.repeat(32);
    const values = [
      { traceparent: `00-${zeros}-${spanId}-01` },
      { traceparent: `00-${traceId}-${zeros.slice(16)}-01` },
      { traceparent: `ff-${traceId}-${spanId}-01` },
      { traceparent: `00-${traceId.slice(1)}-${spanId}-01` },
      { traceparent: `00-${traceId}-${spanId}` },
      { traceparent: `00-${traceId}-${spanId}-01-more` },
      { traceparent: `00-${traceId.toUpperCase()}A-${spanId}-01` },
      { traceparent: 'garbage' },
      { 'sentry-trace': `${zeros}-${spanId}-1` },
      { 'sentry-trace': `${traceId}-${zeros.slice(16)}-1` },
      { 'sentry-trace': 'garbage' },
    ];
    const rest = { tracestate: 'vendor=old', baggage: 'tenant=acme' };
    const relays = await relayedAll(
      stage,
      values.map((ids) => ({ ...ids, ...rest })),
    );
    for (const [index, relay] of relays.entries()) {
      const claim = JSON.stringify(values[index]);
      await expectNewTrace(stage, relay, claim);
      expect(relay.traceId, claim).not.toBe(traceId);
      expect(relay.sent.tracestate, claim).toBeUndefined();
      expect(relay.baggage, claim).toEqual({ tenant: 'acme' });
    }
  },
  AMQP,
);

behaviour(
  8,
  "Sentry's sampling context of an invalid id does not go on",
  async (stage) => {
    const { traceId, spanId } = remoteSpan();
    const relay = await relayedOne(stage, {
      'sentry-trace': `${'0'.repeat(32)}-${spanId}-0`,
      baggage: `sentry-trace_id=${traceId},sentry-sampled=false,sentry-release=old,tenant=acme`,
    });
    await expectNewTrace(stage, relay, 'a new trace');
    expect(relay.sent.baggage).toContain('tenant=acme');
    expect(relay.sent.baggage).not.toMatch(new RegExp(`${traceId}|sampled=false|release=old`));
  },
  { variant: 'AMQP, baggage' },
);

behaviour(
  9,
  'traceparent wins over a sentry-trace of another trace, which is linked',
  async (stage) => {
    const [w3c, sentry] = [remoteSpan(), remoteSpan()];
    const sameTrace = remoteSpan(w3c.traceId);
    const [disagreeing, agreeing] = await relayedAll(stage, [
      { traceparent: w3c.traceparent, 'sentry-trace': sentry.sentryTrace },
      { traceparent: w3c.traceparent, 'sentry-trace': sameTrace.sentryTrace },
    ]);
    await expectContinued(stage, disagreeing, w3c, 'traceparent');
    const { links } = await spanOf(stage, disagreeing ?? {});
    expect(links, 'the other is linked').toMatchObject([{ traceId: sentry.traceId, spanId: sentry.spanId }]);
    await expectContinued(stage, agreeing, w3c, 'traceparent of the same trace');
    expect((await spanOf(stage, agreeing ?? {})).links).toEqual([]);
  },
  AMQP,
);

behaviour(
  9,
  'OTEL_PROPAGATORS turns it round',
  async (stage) => {
    const [w3c, sentry] = [remoteSpan(), remoteSpan()];
    const relay = await relayedOne(
      stage,
      { traceparent: w3c.traceparent, 'sentry-trace': sentry.sentryTrace },
      { env: { OTEL_PROPAGATORS: 'sentry,tracecontext,baggage' } },
    );
    await expectContinued(stage, relay, sentry, 'sentry-trace');
    const { links } = await spanOf(stage, relay);
    expect(links).toMatchObject([{ traceId: w3c.traceId, spanId: w3c.spanId }]);
  },
  { variant: 'AMQP, Sentry first' },
);

behaviour(
  11,
  'oversized headers are cut before they are parsed, and the trace goes on',
  async (stage) => {
    const parents = [remoteSpan(), remoteSpan(), remoteSpan()] as const;
    const relays = await relayedAll(stage, [
      { traceparent: parents[0].traceparent, tracestate: members(40, 1) },
      { traceparent: parents[1].traceparent, baggage: members(200, 1) },
      { traceparent: parents[2].traceparent, baggage: members(60, 900) },
    ]);
    for (const [index, parent] of parents.entries()) {
      await expectContinued(stage, relays[index], parent, `oversized header ${index}`);
    }
    expect(relays[0]?.sent.tracestate, 'more than 32 members are none').toBeUndefined();
    expect(Object.keys(relays[1]?.baggage ?? {}).length, 'members of baggage').toBeLessThanOrEqual(64);
    expect(JSON.stringify(relays[2]?.baggage).length, 'size of baggage').toBeLessThanOrEqual(8192);
    for (const relay of relays) expect(String(relay.sent.baggage).length).toBeLessThanOrEqual(8192);
  },
  AMQP,
);

/** One message for each headers, all sent with the same options. */
function relayedAll(stage: Stage, headers: readonly Headers[], options = {}): Promise<readonly Relayed[]> {
  return relayed(
    stage,
    headers.map((one) => ({ headers: one, options })),
  );
}

/** A list header of so many members with values of that length. */
function members(count: number, length: number): string {
  return Array.from({ length: count }, (_, index) => `key${index}=${'v'.repeat(length)}`).join();
}
