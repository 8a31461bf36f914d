/** How far a trace that came with a message goes on: its baggage, its age, its decisions, its organisation. */

import { expect } from 'vitest';
import {
  expectContinued,
  expectNewTrace,
  type Headers,
  type Relayed,
  relayed,
  relayedOne,
  spanOf,
  textsOf,
} from './amqp-messages.ts';
import { behaviour, instrumentation, type Stage } from './harness.ts';
import { idsIn, membersOf, remoteSpan } from './remote.ts';

const AMQP = { variant: 'AMQP' };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Seconds since the epoch, as AMQP's timestamps and Sentry's `sentry-task-enqueued-time` are. */
const secondsAgo = (ms: number) => (Date.now() - ms) / 1000;

behaviour(
  10,
  'third-party baggage reaches the handler and goes on with what it sends',
  async (stage) => {
    const remote = remoteSpan();
    const relay = await relayedOne(stage, {
      traceparent: remote.traceparent,
      baggage: `tenant=acme;ttl=60,sentry-trace_id=${remote.traceId},sentry-release=theirs,region=eu%20west`,
    });
    expect(relay.baggage, 'the handler sees it').toMatchObject({ tenant: 'acme', region: 'eu west' });
    const members = membersOf(textsOf(relay.sent, 'baggage'));
    expect(members, 'it goes on').toMatchObject({ tenant: 'acme;ttl=60', region: 'eu%20west' });
  },
  AMQP,
);

behaviour(
  10,
  "Sentry's members are those of the trace, alone, also where received headers are sent on",
  async (stage) => {
    const remote = remoteSpan();
    const frozen = `sentry-trace_id=${remote.traceId},sentry-public_key=theirs,sentry-sampled=true,sentry-sample_rand=0.25`;
    const headers = { 'sentry-trace': remote.sentryTrace, baggage: `tenant=acme,${frozen}` };
    const relays = await relayed(stage, [{ headers }, { headers, options: { type: 'forward' } }]);
    for (const { sent } of relays) {
      const texts = textsOf(sent, 'baggage');
      expect(membersOf(texts), 'as the head of the trace froze them').toMatchObject({
        tenant: 'acme',
        'sentry-public_key': 'theirs',
        'sentry-sample_rand': '0.25',
        'sentry-trace_id': remote.traceId,
      });
      const keys = texts.join().match(/[^,=]+(?==)/g) ?? [];
      expect(keys.toSorted(), 'each of them once').toEqual([...new Set(keys)].toSorted());
    }
  },
  { variant: 'AMQP, sampling context' },
);

behaviour(
  19,
  'a message older than an hour starts a trace that links its own',
  async (stage) => {
    const parents = [remoteSpan(), remoteSpan(), remoteSpan()] as const;
    const enqueued = (ms: number) => ({ 'sentry-task-enqueued-time': String(secondsAgo(ms)) });
    const [old, oldByBroker, young] = await relayed(stage, [
      { headers: { traceparent: parents[0].traceparent, baggage: 'tenant=acme', ...enqueued(2 * HOUR) } },
      {
        headers: { traceparent: parents[1].traceparent },
        options: { timestamp: Math.floor(secondsAgo(2 * HOUR)) },
      },
      { headers: { traceparent: parents[2].traceparent, ...enqueued(30 * MINUTE) } },
    ]);
    for (const [relay, parent, claim] of [
      [old, parents[0], 'by its enqueued time'],
      [oldByBroker, parents[1], "by AMQP's timestamp"],
    ] as const) {
      const span = await spanOf(stage, relay ?? {});
      expect(span.parentSpanId, claim).toBeUndefined();
      expect(span.traceId, claim).not.toBe(parent.traceId);
      expect(span.links, claim).toMatchObject([{ traceId: parent.traceId, spanId: parent.spanId }]);
    }
    expect(old?.baggage, 'its baggage goes on').toEqual({ tenant: 'acme' });
    await expectContinued(stage, young, parents[2], 'half an hour is not too old');
  },
  AMQP,
);

behaviour(
  19,
  'OTEL_SENTRY_MESSAGE_MAX_AGE sets the age',
  async (stage) => {
    const remote = remoteSpan();
    const relay = await relayedOne(
      stage,
      { traceparent: remote.traceparent, 'sentry-task-enqueued-time': secondsAgo(3_000) },
      { env: { OTEL_SENTRY_MESSAGE_MAX_AGE: '2000' } },
    );
    const { traceId, links } = await spanOf(stage, relay);
    expect(traceId, 'three seconds are too old').not.toBe(remote.traceId);
    expect(links).toMatchObject([{ traceId: remote.traceId, spanId: remote.spanId }]);
  },
  { variant: 'AMQP, set' },
);

behaviour(
  20,
  'latency counts from the enqueued time or the timestamp, and is never negative',
  async (stage) => {
    const now = Date.now() / 1000;
    const enqueuedTime = 'sentry-task-enqueued-time';
    const cases: Record<string, { headers: Headers; timestamp?: number; least?: number; most?: number }> = {
      'as text': { headers: { [enqueuedTime]: String(now - 5) }, least: 5_000, most: 20_000 },
      'as a number': { headers: { [enqueuedTime]: now - 25 }, least: 25_000, most: 40_000 },
      'as bytes': { headers: { [enqueuedTime]: Buffer.from(String(now - 45)) }, least: 45_000, most: 60_000 },
      'from the future': { headers: { [enqueuedTime]: String(now + 500) }, least: 0, most: 0 },
      'by the timestamp': { headers: {}, timestamp: now - 65, least: 64_000, most: 80_000 },
      'first by the header': {
        headers: { [enqueuedTime]: now - 5 },
        timestamp: now - 65,
        least: 5_000,
        most: 20_000,
      },
      'malformed beside a timestamp': {
        headers: { [enqueuedTime]: 'yesterday' },
        timestamp: now - 65,
        least: 64_000,
        most: 80_000,
      },
      unknown: { headers: {} },
    };
    const relays = await relayed(
      stage,
      Object.values(cases).map(({ headers, timestamp }) => ({
        headers,
        options: timestamp === undefined ? {} : { timestamp: Math.floor(timestamp) },
      })),
    );
    for (const [index, [name, { least, most }]] of Object.entries(cases).entries()) {
      const { attributes } = await spanOf(stage, relays[index] ?? {});
      const latency = attributes['messaging.message.receive.latency'];
      expect(typeof latency, name).toBe(least === undefined ? 'undefined' : 'number');
      if (least !== undefined) {
        expect(latency, name).toBeGreaterThanOrEqual(least);
        expect(latency, name).toBeLessThanOrEqual(most ?? least);
      }
    }
  },
  AMQP,
);

behaviour(
  34,
  'what nobody samples is sent nowhere and goes on as not sampled',
  async (stage) => {
    const env = { OTEL_TRACES_SAMPLER: 'always_off', SENTRY_TRACES_SAMPLE_RATE: '0' };
    const relay = await relayedOne(stage, {}, { env });
    const { traceId, flag } = idsIn(textsOf(relay.sent, 'traceparent'));
    expect(Number.parseInt(flag ?? '', 16) & 1, 'the flag of traceparent').toBe(0);
    expect(traceId, "the handler's trace").toBe(relay.traceId);
    expect(stage.sink.spans({ traceId })).toEqual([]);
    if (instrumentation === 'ours') {
      expect(relay.sent['sentry-trace']).toMatch(new RegExp(`^${traceId}-[0-9a-f]{16}-0$`));
    }
  },
  { variant: 'AMQP, neither samples' },
);

behaviour(
  34,
  "a traceparent of -00 is OpenTelemetry's decision and none of Sentry's",
  async (stage) => {
    const { traceId, spanId } = remoteSpan();
    const relay = await relayedOne(stage, { traceparent: `00-${traceId}-${spanId}-00` });
    const sent = idsIn(textsOf(relay.sent, 'traceparent'));
    expect(sent.traceId, 'the trace goes on').toBe(traceId);
    expect(Number.parseInt(sent.flag ?? '', 16) & 1, 'not sampled').toBe(0);
    expect(stage.sink.spans({ source: 'otlp', traceId }), 'nothing to OTLP').toEqual([]);
    const span = await spanOf(stage, relay, 'sentry');
    expect(span.parentSpanId, 'Sentry decides for itself').toBe(spanId);
    expect(relay.sent['sentry-trace']).toMatch(/-1$/);
  },
  { variant: 'AMQP, W3C -00' },
);

behaviour(
  34,
  "a sentry-trace of -0 is Sentry's decision and none of OpenTelemetry's",
  async (stage) => {
    const { traceId, spanId } = remoteSpan();
    const relay = await relayedOne(stage, {
      'sentry-trace': `${traceId}-${spanId}-0`,
      baggage: `sentry-trace_id=${traceId},sentry-sampled=false,sentry-sample_rand=0.5`,
    });
    expect(relay.sent['sentry-trace']).toMatch(new RegExp(`^${traceId}-[0-9a-f]{16}-0$`));
    expect((await spanOf(stage, relay)).parentSpanId, 'OTLP has the span').toBe(spanId);
    expect(stage.sink.spans({ source: 'sentry', traceId }), 'Sentry has none').toEqual([]);
  },
  { variant: 'AMQP, Sentry -0' },
);

behaviour(
  34,
  'a deferred decision is passed on as deferred by a service without a sample rate',
  async (stage) => {
    const { traceId, spanId } = remoteSpan();
    const relay = await relayedOne(
      stage,
      { 'sentry-trace': `${traceId}-${spanId}`, baggage: `sentry-trace_id=${traceId},sentry-release=theirs` },
      { env: { SENTRY_OPTIONS: '{"tracesSampleRate":null}' } },
    );
    expect(relay.sent['sentry-trace']).toMatch(new RegExp(`^${traceId}-[0-9a-f]{16}$`));
    const members = membersOf(textsOf(relay.sent, 'baggage'));
    expect(members).toMatchObject({ 'sentry-trace_id': traceId, 'sentry-release': 'theirs' });
    expect(members).not.toHaveProperty('sentry-sampled');
  },
  { variant: 'AMQP, deferred' },
);

behaviour(
  35,
  "another organisation's trace is not continued, and nothing of it goes on",
  async (stage) => {
    const parents = [remoteSpan(), remoteSpan(), remoteSpan(), remoteSpan()] as const;
    const [other, otherBoth, same, unknown] = await relayedIn(stage, { orgId: '1' }, [
      headersOfOrganisation(parents[0], '2'),
      { ...headersOfOrganisation(parents[1], '2'), traceparent: parents[1].traceparent },
      headersOfOrganisation(parents[2], '1'),
      headersOfOrganisation(parents[3], undefined),
    ]);
    for (const [relay, { traceId }] of [
      [other, parents[0]],
      [otherBoth, parents[1]],
    ] as const) {
      await expectNewTrace(stage, relay, 'a new trace');
      const sent = JSON.stringify(relay?.sent);
      expect(sent).not.toContain(traceId);
      expect(sent).not.toContain('sentry-release=theirs');
      // Theirs was `-0`, and here everything is sampled.
      expect(relay?.sent['sentry-trace']).toMatch(/-1$/);
    }
    await expectContinued(stage, same, parents[2], 'the same organisation');
    await expectContinued(stage, unknown, parents[3], 'an unknown organisation');
  },
  AMQP,
);

behaviour(
  35,
  'under strict continuation a trace of unknown organisation is not continued either',
  async (stage) => {
    const parents = [remoteSpan(), remoteSpan()] as const;
    const options = { orgId: '1', strictTraceContinuation: true };
    const [unknown, same] = await relayedIn(stage, options, [
      headersOfOrganisation(parents[0], undefined),
      headersOfOrganisation(parents[1], '1'),
    ]);
    await expectNewTrace(stage, unknown, 'a new trace');
    await expectContinued(stage, same, parents[1], 'the same organisation');
  },
  { variant: 'AMQP, strict' },
);

function headersOfOrganisation(
  { traceId, spanId }: { traceId: string; spanId: string },
  id: string | undefined,
): Headers {
  const organisation = id === undefined ? '' : `,sentry-org_id=${id}`;
  return {
    'sentry-trace': `${traceId}-${spanId}-0`,
    baggage: `sentry-trace_id=${traceId},sentry-sampled=false,sentry-release=theirs${organisation}`,
  };
}

/** Relayed by a service whose configuration file has these options of Sentry's. */
function relayedIn(stage: Stage, options: object, headers: readonly Headers[]): Promise<readonly Relayed[]> {
  return relayed(
    stage,
    headers.map((one) => ({ headers: one })),
    { SENTRY_OPTIONS: JSON.stringify(options) },
  );
}
