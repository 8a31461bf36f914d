import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { SinkSpan } from '../../support/sink/index.ts';
import { behaviour } from './harness.ts';
import { type BatchDelivery, kafkaStage } from './kafka.ts';
import { idsIn, remoteSpan } from './remote.ts';

const KAFKA = { variant: 'Kafka' };

const producers = (spans: readonly SinkSpan[]) => spans.filter(({ kind }) => kind === 'producer');
const linked = (span: SinkSpan | undefined) => span?.links.map(({ spanId }) => spanId) ?? [];

behaviour(
  13,
  'messages that share a headers object each get a context of their own',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const keys = Array.from({ length: 3 }, () => randomUUID());
    const sent = await kafka.send(
      keys.map((key) => ({ key, value: 'a message', headers: { tenant: 'acme' } })),
      { as: ['shared headers'] },
    );
    const wire = await Promise.all(keys.map((key) => kafka.onWire(key)));
    const spans = producers(await kafka.trace(sent.span.traceId));
    const parents = wire.map(({ headers }) => idsIn(headers.traceparent).spanId);
    expect(new Set(parents), 'every message carries a span of its own').toEqual(
      new Set(spans.map(({ spanId }) => spanId)),
    );
    expect(spans, 'a span a message').toHaveLength(keys.length);
    expect(sent.changed, "the application's headers stay as they were").toBe(false);
  },
  KAFKA,
);

for (const method of ['send', 'batch'] as const) {
  behaviour(
    14,
    'frozen messages go out with their context, unchanged for the application',
    async (stage) => {
      const kafka = await kafkaStage(stage);
      const key = randomUUID();
      const sent = await kafka.send([{ key, value: 'a message', headers: { tenant: 'acme' } }], {
        as: method === 'batch' ? ['frozen', 'batch'] : ['frozen'],
      });
      expect(sent.error, 'it is sent').toBeUndefined();
      const { headers } = await kafka.onWire(key);
      expect(headers, 'its own headers go out').toMatchObject({ tenant: ['acme'] });
      const [span] = producers(await kafka.trace(sent.span.traceId));
      expect(idsIn(headers.traceparent).spanId, "it carries its span's context").toBe(span?.spanId);
      expect(sent.changed, 'nothing is changed').toBe(false);
    },
    { variant: `Kafka ${method}` },
  );
}

behaviour(
  15,
  'forwarded headers are replaced as a whole',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const [stale, remote] = [remoteSpan(), remoteSpan()];
    const delivery = await kafka.handle({
      'sentry-trace': stale.sentryTrace,
      traceparent: [stale.traceparent, remote.traceparent],
      tracestate: 'vendor=1',
      baggage: ['tenant=acme', `sentry-trace_id=${stale.traceId}`],
      'sentry-task-enqueued-time': String(Date.now() / 1000 - 60),
      do: `forward:${kafka.outbox}`,
    });
    const { headers } = await kafka.onWire(delivery.key);
    const { traceId, spanId } = idsIn(headers.traceparent);
    expect(traceId, 'the trace goes on').toBe(remote.traceId);
    const [span] = producers(await kafka.trace(traceId));
    expect(spanId, 'from the span that forwards').toBe(span?.spanId);
    const text = JSON.stringify(headers);
    expect(text, 'nothing of an older trace is left').not.toContain(stale.traceId);
    expect(text, 'nothing of an older delivery is left').not.toContain(remote.spanId);
    expect(text, 'other headers go on').toContain('tenant=acme');
    const enqueued = Number(headers['sentry-task-enqueued-time']?.[0] ?? Date.now() / 1000);
    expect(enqueued, 'it is enqueued now').toBeGreaterThan(Date.now() / 1000 - 30);
  },
  { variant: 'Kafka, one message' },
);

behaviour(
  15,
  'a message forwarded out of another trace links the original',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const inbox = await kafka.topic(`batch-${stage.unique}`);
    const remotes = [remoteSpan(), remoteSpan()];
    const keys = await kafka.put(
      inbox,
      remotes.map(({ traceparent }) => ({ headers: { traceparent, do: `forward:${kafka.outbox}` } })),
    );
    await kafka.application.call('consume', { topic: inbox, batch: true });
    for (const [index, key] of keys.entries()) {
      const [batch] = await kafka.received<BatchDelivery>(key);
      const { headers } = await kafka.onWire(key);
      const { traceId, spanId } = idsIn(headers.traceparent);
      expect(traceId, 'it goes on in the trace that forwards').toBe(batch.traceId);
      await kafka.application.flush();
      const [span] = stage.sink.spans({ spanId, source: 'otlp' });
      expect(span?.kind, 'a producer span forwards it').toBe('producer');
      expect(linked(span), 'the original is linked').toContain(remotes[index]?.spanId);
    }
  },
  { variant: 'Kafka, out of a batch' },
);

behaviour(
  16,
  'a context put on a message on purpose is kept and linked',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const chosen = remoteSpan();
    const { traceparent } = chosen;
    const { sent, wire } = await kafka.sendOne({ headers: { traceparent } }, { as: ['kept context'] });
    expect(wire.headers.traceparent, 'it goes out').toEqual([traceparent]);
    const [span] = producers(await kafka.trace(sent.span.traceId));
    expect(linked(span), 'the span that sends it is linked').toContain(chosen.spanId);

    const unmarked = await kafka.sendOne({ headers: { traceparent } });
    expect(idsIn(unmarked.wire.headers.traceparent).traceId, 'without the mark it is replaced').toBe(
      unmarked.sent.span.traceId,
    );
  },
  KAFKA,
);

behaviour(23, 'a tombstone carries its context and is flagged', async (stage) => {
  const kafka = await kafkaStage(stage);
  const key = randomUUID();
  const sent = await kafka.send([{ key, value: null }], { topic: kafka.inbox });
  const [delivery] = await kafka.received(key);
  expect(delivery.value, 'it stays a tombstone').toBeNull();
  expect(delivery.traceId, 'its handler runs in its trace').toBe(sent.span.traceId);
  const flag = { 'messaging.kafka.message.tombstone': true };
  const consumer = await kafka.span(delivery);
  expect(consumer.attributes, 'the consumer span is flagged').toMatchObject(flag);
  const [producer] = producers(await kafka.trace(sent.span.traceId));
  expect(producer?.attributes, 'the producer span is flagged').toMatchObject(flag);

  const [live] = await kafka.deliver({ value: '' });
  const { attributes } = await kafka.span(live);
  expect(attributes, 'an empty message is not').not.toMatchObject(flag);
});

behaviour(
  38,
  'a message injected by hand has one span',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const { sent, wire } = await kafka.sendOne({}, { as: ['injected by hand'] });
    const spans = producers(await kafka.trace(sent.span.traceId));
    expect(spans, 'one producer span').toMatchObject([{ name: 'by hand' }]);
    expect(idsIn(wire.headers.traceparent).spanId, 'and that is on the wire').toBe(spans[0]?.spanId);
  },
  { variant: 'Kafka, by hand' },
);

behaviour(
  38,
  "OpenTelemetry's instrumentations beside the preload's give one span each",
  async (stage) => {
    const kafka = await kafkaStage(stage, { DOUBLED: 'yes' });
    const key = randomUUID();
    const sent = await kafka.send([{ key, value: 'a message' }], { topic: kafka.inbox });
    const [delivery] = await kafka.received(key);
    await kafka.span(delivery);
    const spans = await kafka.trace(sent.span.traceId);
    expect(producers(spans), 'one producer span').toHaveLength(1);
    const consumers = spans.filter(({ kind }) => kind === 'consumer');
    expect(consumers, 'one consumer span, its child').toMatchObject([
      { parentSpanId: producers(spans)[0]?.spanId },
    ]);
  },
  { variant: 'Kafka, instrumented twice' },
);

behaviour(
  39,
  'suppressed tracing leaves the message alone',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const stale = remoteSpan().traceparent;
    const { sent, wire } = await kafka.sendOne(
      { headers: { tenant: 'acme', traceparent: stale } },
      { as: ['suppressed'], baggage: { region: 'eu' } },
    );
    expect(wire.headers, 'its headers are the application’s own').toEqual({
      tenant: ['acme'],
      traceparent: [stale],
    });
    expect(producers(await kafka.trace(sent.span.traceId)), 'no span').toEqual([]);
    const counterpart = await kafka.sendOne({});
    expect(producers(await kafka.trace(counterpart.sent.span.traceId)), 'one otherwise').toHaveLength(1);
  },
  KAFKA,
);
