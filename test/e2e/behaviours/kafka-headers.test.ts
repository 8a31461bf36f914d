import { expect } from 'vitest';
import { behaviour } from './harness.ts';
import { kafkaStage, putNullHeaders } from './kafka.ts';
import { idsIn, membersOf, remoteSpan } from './remote.ts';

const KAFKA = { variant: 'Kafka' };

behaviour(
  1,
  'Kafka header bytes are read as UTF-8, up to a cap',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const remote = remoteSpan();
    const delivery = await kafka.handle({
      traceparent: Buffer.from(remote.traceparent),
      baggage: Buffer.from('town=Malmö'),
    });
    expect(await kafka.span(delivery), 'the handler is a child of the sender').toMatchObject({
      kind: 'consumer',
      traceId: remote.traceId,
      parentSpanId: remote.spanId,
    });
    expect(delivery.baggage, 'bytes are read as UTF-8').toMatchObject({ town: 'Malmö' });

    const huge = await kafka.handle({ baggage: Buffer.from(`town=Malmö,size=${'x'.repeat(500_000)}`) });
    expect(JSON.stringify(huge.baggage).length, 'a value has a cap').toBeLessThan(9_000);
  },
  KAFKA,
);

behaviour(
  2,
  'null and bytes that are no text are left aside, the handler runs',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const binary = await kafka.handle({
      traceparent: Buffer.of(0xff, 0xfe, 0x00),
      'sentry-trace': Buffer.of(0xc3, 0x28),
      baggage: Buffer.of(0x80),
    });
    expect((await kafka.span(binary)).parentSpanId, 'the handler starts a trace').toBeUndefined();

    const { traceparent, spanId } = remoteSpan();
    const key = await putNullHeaders(kafka, {
      tracestate: null,
      baggage: null,
      'sentry-trace': null,
      traceparent,
    });
    const [delivery] = await kafka.received(key);
    expect((await kafka.span(delivery)).parentSpanId, 'the header that is text is read').toBe(spanId);
  },
  KAFKA,
);

behaviour(4, 'headers named as members of objects are do no harm', async (stage) => {
  const kafka = await kafkaStage(stage);
  const { traceparent, spanId } = remoteSpan();
  const names = ['toString', 'constructor', 'hasOwnProperty', '__proto__', 'valueOf'];
  const headers = Object.fromEntries(names.map((name) => [name, 'a value']));
  const delivery = await kafka.handle({ ...headers, traceparent });
  const span = await kafka.span(delivery);
  expect(span.parentSpanId, 'the handler is a child of the sender').toBe(spanId);
  expect(span.attributes, 'its span is whole').toMatchObject({
    'messaging.destination.name': kafka.inbox,
    'messaging.kafka.offset': expect.anything(),
  });
  expect(delivery.headers, 'the handler gets them all').toEqual(expect.arrayContaining(names));
});

behaviour(
  5,
  'of repeated headers the last valid one counts, baggage merges',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const [stale, last] = [remoteSpan(), remoteSpan()];
    const baggage = ['tenant=acme', 'region=eu'];
    const appended = await kafka.handle({ traceparent: [stale.traceparent, last.traceparent], baggage });
    expect((await kafka.span(appended)).parentSpanId, 'the last traceparent counts').toBe(last.spanId);
    expect(appended.baggage, 'baggage merges').toMatchObject({ tenant: 'acme', region: 'eu' });

    const garbled = await kafka.handle({ traceparent: [last.traceparent, '00-garbage'] });
    expect((await kafka.span(garbled)).parentSpanId, 'the last valid traceparent counts').toBe(last.spanId);

    const sentry = await kafka.handle({ 'sentry-trace': [stale.sentryTrace, last.sentryTrace] });
    expect((await kafka.span(sentry)).parentSpanId, 'the last sentry-trace counts').toBe(last.spanId);
  },
  KAFKA,
);

behaviour(
  6,
  'headers are read in any case and written in lowercase, once',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const [exact, other] = [remoteSpan(), remoteSpan()];
    const upper = await kafka.handle({ TRACEPARENT: other.traceparent });
    expect((await kafka.span(upper)).parentSpanId, 'TRACEPARENT is read').toBe(other.spanId);
    const both = await kafka.handle({ TraceParent: other.traceparent, traceparent: exact.traceparent });
    expect((await kafka.span(both)).parentSpanId, 'lowercase is preferred').toBe(exact.spanId);

    const { wire } = await kafka.sendOne({
      headers: { Traceparent: other.traceparent, 'SENTRY-TRACE': other.sentryTrace, 'X-Tenant': 'acme' },
    });
    expect(wire.headers, "the application's headers stay as they are").toMatchObject({
      'X-Tenant': ['acme'],
    });
    const names = Object.keys(wire.headers).filter((name) => /^(traceparent|sentry-trace)$/i.test(name));
    expect(names, 'variants are not sent').toEqual(names.map((name) => name.toLowerCase()));
    expect(idsIn(wire.headers.traceparent).traceId, 'the fresh context is sent').not.toBe(other.traceId);
  },
  KAFKA,
);

behaviour(
  7,
  'a JSON-quoted value loses its quotes',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const { traceparent, spanId } = remoteSpan();
    const delivery = await kafka.handle({ traceparent: JSON.stringify(traceparent) });
    expect((await kafka.span(delivery)).parentSpanId, 'the quoted traceparent is read').toBe(spanId);
  },
  KAFKA,
);

behaviour(
  8,
  'malformed contexts start a new trace, whole',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const { traceId, spanId } = remoteSpan();
    const zeros = '0'.repeat(32);
    const malformed = [
      { traceparent: `ff-${traceId}-${spanId}-01` },
      { traceparent: `00-${zeros}-${spanId}-01` },
      { traceparent: `00-${traceId}-${'0'.repeat(16)}-01` },
      { traceparent: `00-${traceId}-${spanId}` },
      { traceparent: `00-${traceId}-${spanId}-01-more` },
      { traceparent: `00-${traceId}-${spanId.slice(1)}g-01` },
      { 'sentry-trace': `${traceId}-${'0'.repeat(16)}-1` },
      { 'sentry-trace': `${zeros}-${spanId}-1` },
      { 'sentry-trace': traceId },
    ];
    for (const headers of malformed) {
      const delivery = await kafka.handle({
        ...headers,
        tracestate: 'vendor=1',
        do: `answer:${kafka.outbox}`,
      });
      const span = await kafka.span(delivery);
      const claim = `${JSON.stringify(headers)} starts a trace`;
      expect({ id: span.traceId, parent: span.parentSpanId }, claim).toEqual({
        id: expect.not.stringMatching(`${traceId}|${zeros}`),
        parent: undefined,
      });
      const { headers: answered } = await kafka.onWire(delivery.key);
      expect(answered.tracestate, `${claim} without its tracestate`).toBeUndefined();
    }
  },
  KAFKA,
);

behaviour(
  10,
  'third-party baggage survives where sentry members are replaced',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const [remote, other] = [remoteSpan(), remoteSpan()];
    const stale = `sentry-trace_id=${other.traceId},sentry-release=old%401`;
    const delivery = await kafka.handle({
      traceparent: remote.traceparent,
      baggage: `tenant=acme,${stale}`,
      do: `answer:${kafka.outbox}`,
    });
    expect(delivery.baggage, 'the handler has it').toMatchObject({ tenant: 'acme' });
    const answer = await kafka.onWire(delivery.key);
    const answered = membersOf(answer.headers.baggage);
    expect(answered.tenant, 'it goes on with an answer').toBe('acme');
    expect(answered['sentry-trace_id'], "another trace's sentry members don't").not.toBe(other.traceId);

    const { wire } = await kafka.sendOne(
      { headers: { baggage: `region=eu,${stale}` } },
      { baggage: { tenant: 'acme' } },
    );
    const members = membersOf(wire.headers.baggage);
    expect(members, "the message's and the context's both go out").toMatchObject({
      region: 'eu',
      tenant: 'acme',
    });
    expect(Object.values(members), 'stale sentry members are replaced').not.toContain(other.traceId);
  },
  KAFKA,
);

behaviour(
  11,
  'oversized headers are capped',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const remote = remoteSpan();
    const members = (count: number, text: string) =>
      Array.from({ length: count }, (_, index) => `m${index}=${text}`).join(',');
    const delivery = await kafka.handle({
      traceparent: remote.traceparent,
      tracestate: members(40, 'v'),
      baggage: members(200, 'x'.repeat(10)),
      do: `answer:${kafka.outbox}`,
    });
    expect((await kafka.span(delivery)).parentSpanId, 'the trace is continued').toBe(remote.spanId);
    expect(Object.keys(delivery.baggage).length, 'at most 64 members of baggage').toBeLessThanOrEqual(64);
    const { headers } = await kafka.onWire(delivery.key);
    const tracestate = String(headers.tracestate ?? '');
    expect(tracestate.split(',').length, 'at most 32 members of tracestate').toBeLessThanOrEqual(32);

    const large = await kafka.handle({ baggage: members(40, 'x'.repeat(5_000)) });
    expect(JSON.stringify(large.baggage).length, 'at most 8 KiB of baggage').toBeLessThanOrEqual(9_000);
  },
  KAFKA,
);

behaviour(
  12,
  'outgoing headers keep to a budget and the message goes out',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`member${index}`, 'x'.repeat(200)]),
    );
    for (const baggage of [many, { one: 'x'.repeat(20_000) }]) {
      const { sent, wire } = await kafka.sendOne({}, { baggage });
      expect(idsIn(wire.headers.traceparent).traceId, 'the context goes out').toBe(sent.span.traceId);
      const size = Buffer.byteLength(String(wire.headers.baggage ?? ''));
      expect(size, 'baggage has at most 8 KiB').toBeLessThanOrEqual(8_192);
    }
  },
  KAFKA,
);

behaviour(
  36,
  'sentry members never leave in tracestate',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const { traceparent } = remoteSpan();
    const delivery = await kafka.handle({
      traceparent,
      tracestate: 'sentry.sample_rand=0.5,vendor=1,sentry.dsc=a',
      do: `answer:${kafka.outbox}`,
    });
    const { headers } = await kafka.onWire(delivery.key);
    expect(headers.tracestate, 'only the other vendor is left').toEqual(['vendor=1']);
  },
  KAFKA,
);
