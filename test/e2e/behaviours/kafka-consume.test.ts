import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { SinkSpan } from '../../support/sink/index.ts';
import { behaviour } from './harness.ts';
import { type BatchDelivery, type KafkaStage, kafkaStage } from './kafka.ts';
import { type RemoteSpan, remoteSpan } from './remote.ts';

const KAFKA = { variant: 'Kafka' };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LATENCY = 'messaging.message.receive.latency';
const RETRY_COUNT = 'messaging.message.retry.count';

const ids = ({ traceId, spanId }: Pick<RemoteSpan, 'traceId' | 'spanId'>) => ({ traceId, spanId });
const links = (span: SinkSpan) => span.links.map(ids);

/** A trace of its own, linked to where the message came from. */
function expectNewTrace(span: SinkSpan, remote: RemoteSpan): void {
  expect(span.parentSpanId, 'the span is a root').toBeUndefined();
  expect(span.traceId, 'in a trace of its own').not.toBe(remote.traceId);
  expect(links(span), 'linked to the sender').toContainEqual(ids(remote));
}

behaviour(18, 'every attempt at a message has a span with its number', async (stage) => {
  const kafka = await kafkaStage(stage);
  const { traceparent, spanId } = remoteSpan();
  const attempts = await kafka.deliver({ headers: { traceparent, do: 'fail:2' } }, 3);
  const spans = await Promise.all(attempts.map((attempt) => kafka.span(attempt)));
  expect(new Set(spans.map((span) => span.spanId)).size, 'a span an attempt').toBe(3);
  for (const span of spans) expect(span.parentSpanId, 'each a child of the sender').toBe(spanId);
  expect(
    spans.map(({ status }) => status === 'error'),
    'failed attempts are errors, the last is none',
  ).toEqual([true, true, false]);
  expect(
    spans.map(({ attributes }) => attributes[RETRY_COUNT]),
    'with the number of retries',
  ).toEqual([0, 1, 2]);
});

behaviour(
  18,
  'every attempt at a batch has a span',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const topic = await kafka.topic(`retried-${stage.unique}`);
    const [key] = await kafka.put(topic, [{ headers: { do: 'fail:1' } }, {}]);
    await kafka.application.call('consume', { topic, batch: true });
    const attempts = await kafka.received<BatchDelivery>(key, 2);
    const spans = await Promise.all(attempts.map((attempt) => kafka.span(attempt)));
    expect(new Set(spans.map(({ spanId }) => spanId)).size, 'a span an attempt').toBe(2);
    expect(
      spans.map(({ status }) => status === 'error'),
      'the failed attempt is an error, the other is none',
    ).toEqual([true, false]);
  },
  { variant: 'batch' },
);

behaviour(
  18,
  'what an attempt throws reaches Sentry once, on its span',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const { traceparent, traceId } = remoteSpan();
    const [first, second, last] = await kafka.deliver({ headers: { traceparent, do: 'fail:2' } }, 3);
    await kafka.span(last ?? {});
    await kafka.application.flush();
    const errors = stage.sink.errors({ traceId });
    expect(
      errors.map(({ value, spanId }) => ({ value, spanId })),
      'Sentry has each error once',
    ).toEqual([
      { value: 'attempt 1', spanId: first.spanId },
      { value: 'attempt 2', spanId: second?.spanId },
    ]);
  },
  { variant: 'in Sentry' },
);

behaviour(
  19,
  'a message older than the maximum age starts a trace, linked to its own',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const remote = remoteSpan();
    const { traceparent } = remote;
    const sentAt = (ago: number) => ({ timestamp: String(Date.now() - ago) });
    const young = await kafka.handle({ traceparent }, sentAt(HOUR / 2));
    expect((await kafka.span(young)).parentSpanId, 'a younger one is continued').toBe(remote.spanId);
    const old = await kafka.handle({ traceparent }, sentAt(2 * HOUR));
    expectNewTrace(await kafka.span(old), remote);
    const enqueued = String((Date.now() - 2 * HOUR) / 1000);
    const delayed = await kafka.handle({ traceparent, 'sentry-task-enqueued-time': enqueued });
    expectNewTrace(await kafka.span(delayed), remote);
  },
  KAFKA,
);

behaviour(
  20,
  'latency counts from the enqueued time, else from the broker; never negative',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const latencyOf = async (enqueued: number | undefined, timestamp?: number) => {
      const headers =
        enqueued === undefined ? {} : { 'sentry-task-enqueued-time': String((Date.now() + enqueued) / 1000) };
      const message = timestamp === undefined ? {} : { timestamp: String(Date.now() + timestamp) };
      const span = await kafka.span(await kafka.handle(headers, message));
      return span.attributes[LATENCY];
    };
    const about = (milliseconds: number) =>
      expect.toSatisfy((latency) => latency >= milliseconds && latency < milliseconds + 5_000);
    expect(await latencyOf(-60_000), 'since it was enqueued').toEqual(about(60_000));
    expect(await latencyOf(-60_000, -30_000), "which counts before the broker's time").toEqual(about(60_000));
    expect(await latencyOf(undefined, -30_000), "since the broker's time").toEqual(about(30_000));
    expect(await latencyOf(60_000), 'never negative').toBe(0);
  },
);

behaviour(
  21,
  'every consumer of a fan-out is a child of the one producer',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const { inbox } = kafka;
    await kafka.application.call('consume', { topic: inbox, groupId: `other-${inbox}` });
    const key = randomUUID();
    const sent = await kafka.send([{ key, value: 'a message' }], { topic: inbox });
    const deliveries = await kafka.received(key, 2);
    const spans = await Promise.all(deliveries.map((delivery) => kafka.span(delivery)));
    const [producer] = (await kafka.trace(sent.span.traceId)).filter(({ kind }) => kind === 'producer');
    expect(new Set(deliveries.map(({ groupId }) => groupId)).size, 'both groups get it').toBe(2);
    for (const span of spans) expect(span.parentSpanId, 'child of the producer').toBe(producer?.spanId);
    expect(new Set(spans.map(({ spanId }) => spanId)).size, 'each with a span of its own').toBe(2);
  },
  KAFKA,
);

/** Has the application handle messages of these contexts as one batch. */
async function handleBatch(
  kafka: KafkaStage,
  topic: string,
  remotes: readonly RemoteSpan[],
  order = '',
): Promise<BatchDelivery> {
  await kafka.topic(topic);
  const keys = await kafka.put(
    topic,
    remotes.map(({ traceparent }) => ({ headers: { traceparent, do: order } })),
  );
  await kafka.application.call('consume', { topic, batch: true });
  const [batch] = await kafka.received<BatchDelivery>(keys[0]);
  expect(batch.messages.length, 'one batch').toBeGreaterThanOrEqual(remotes.length);
  return batch;
}

behaviour(
  22,
  'a batch is linked to every sender once',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const [a, b] = [remoteSpan(), remoteSpan()];
    const c = remoteSpan(a.traceId);
    const span = await kafka.span(await handleBatch(kafka, `links-${stage.unique}`, [a, b, a, c, b]));
    expect(span.parentSpanId, 'the batch has a trace of its own').toBeUndefined();
    expect(links(span), 'linked once to each').toEqual([a, b, c].map(ids));
  },
  { variant: 'links' },
);

behaviour(
  22,
  'a batch of more senders than links says how many were dropped',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const remotes = Array.from({ length: 150 }, () => remoteSpan());
    const span = await kafka.span(await handleBatch(kafka, `many-${stage.unique}`, remotes));
    expect(span.links.length, 'linked to 128').toBe(128);
    expect(span.raw, 'the others are counted').toMatchObject({ droppedLinksCount: 22 });
  },
  { variant: 'more than 128' },
);

behaviour(
  22,
  'one message of a batch is handled in its own context',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const remotes = [remoteSpan(), remoteSpan()];
    const batch = await handleBatch(kafka, `context-${stage.unique}`, remotes, 'context');
    const seen = batch.messages.filter(({ inContext }) => inContext);
    expect(seen, 'every message was').toHaveLength(remotes.length);
    for (const [index, remote] of remotes.entries()) {
      const span = await kafka.span(seen[index] ?? {});
      expect(span, 'its span is a child of the sender').toMatchObject({
        kind: 'consumer',
        traceId: remote.traceId,
        parentSpanId: remote.spanId,
      });
      expect(
        span.links.map(({ spanId }) => spanId),
        "and linked to the batch's",
      ).toEqual([batch.spanId]);
    }
  },
  { variant: 'withMessageContext' },
);

behaviour(
  22,
  'what Sentry is told of one message of a batch stays with it',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const remotes = [remoteSpan(), remoteSpan()];
    const batch = await handleBatch(kafka, `scopes-${stage.unique}`, remotes, 'context:report');
    await kafka.application.flush();
    const seen = batch.messages.filter(({ inContext }) => inContext);
    expect(seen, 'every message was handled in its context').toHaveLength(remotes.length);
    for (const { key, spanId } of seen) {
      const [event] = stage.sink.errors({ value: String(key) });
      expect(event?.spanId, "the event is on the message's span").toBe(spanId);
      const tags = Object.keys(event?.tags ?? {}).filter((name) => name.startsWith('seen.'));
      expect(tags, 'with the tags of its message alone').toEqual([`seen.${key}`]);
    }
  },
  { variant: 'scopes' },
);

behaviour(24, 'replaying a compacted topic starts new traces', async (stage) => {
  const kafka = await kafkaStage(stage);
  const topic = await kafka.topic(`compacted-${stage.unique}`, {
    configEntries: [{ name: 'cleanup.policy', value: 'compact' }],
  });
  const remotes = [remoteSpan(), remoteSpan()];
  const timestamp = String(Date.now() - 40 * DAY);
  const [first, last] = await kafka.put(
    topic,
    remotes.map(({ traceparent }, index) => ({
      timestamp,
      headers: { traceparent },
      ...(index > 0 && { value: null }),
    })),
  );
  await kafka.application.call('consume', { topic });
  for (const [index, key] of [first, last].entries()) {
    const remote = remotes[index] ?? remoteSpan();
    const [delivery] = await kafka.received(key);
    expectNewTrace(await kafka.span(delivery), remote);
  }
});
