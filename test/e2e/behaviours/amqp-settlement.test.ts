/** When the span of a message on RabbitMQ ends, and how, however the message is settled. */

import { describe, expect } from 'vitest';
import type { SinkSpan } from '../../support/sink/index.ts';
import { Consumer, type Delivered } from './amqp-consumer.ts';
import { headersOf, queue, received } from './amqp-messages.ts';
import { behaviour } from './harness.ts';

const RETRY_COUNT = 'messaging.message.retry.count';

describe.each(['promise', 'callback'])('with the %s API', (api) => {
  const variant = `AMQP, ${api}`;

  behaviour(
    17,
    'each delivery of a requeued message has a span of its own, with the number of those before',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const message = await consumer.deliver('requeue once');
      const spans = await consumer.processed(message, 2);
      expect(retries(spans)).toEqual([0, 1]);
      expect(spans.map(({ parentSpanId }) => parentSpanId)).toEqual([message.spanId, message.spanId]);
      expect(
        spans.map(({ status }) => status),
        'requeueing is no error',
      ).toEqual(['unset', 'unset']);
    },
    { variant },
  );

  behaviour(
    17,
    'a quorum queue counts the deliveries itself',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const message = await consumer.deliver('requeue twice', { arguments: { 'x-queue-type': 'quorum' } });
      expect(retries(await consumer.processed(message, 3))).toEqual([0, 1, 2]);
    },
    { variant: `${variant}, quorum` },
  );

  behaviour(
    17,
    "a dead letter is a retry, and its history is the application's to read and send on",
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const [letters, out] = [await queue(stage, `letters-${api}`), await queue(stage, `out-${api}`)];
      await consumer.consume('dead letters', letters);
      const options = { deadLetterExchange: '', deadLetterRoutingKey: letters };
      const message = await consumer.deliver('reject', options, { headers: { out } });
      const spans = await consumer.processed(message, 2);
      expect(retries(spans)).toEqual([0, 1]);
      expect(
        spans.map(({ status }) => status),
        'the rejected one has failed',
      ).toEqual(['error', 'unset']);
      const sentOn = headersOf((await received(stage, out, 1)).get('forwarded'));
      const [death] = await consumer.facts<object>('dead letters');
      expect(death, 'as the broker wrote it').toMatchObject([{ count: 1, reason: 'rejected' }]);
      expect(JSON.parse(JSON.stringify(sentOn['x-death']))).toEqual(death);
    },
    { variant: `${variant}, dead letter` },
  );

  behaviour(
    29,
    'a message is settled by its tag, also on a copy, and its span lasts until then',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const [copied, late] = [await consumer.deliver('ack a copy'), await consumer.deliver('ack later')];
      expect(await consumer.processed(copied), 'a copy').toMatchObject([{ status: 'unset' }]);
      const [span] = await consumer.processed(late);
      expect(span?.endTime, 'a later ack').toBeGreaterThanOrEqual(consumer.endOf(late, 'before the ack'));
    },
    { variant },
  );

  behaviour(
    29,
    'several messages are settled at once',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      for (const [way, status] of [
        ['ack up to the third', 'unset'],
        ['ack all at the third', 'unset'],
        ['nack all at the third', 'error'],
      ] as const) {
        for (const message of await consumer.deliverThree(way)) {
          expect(await consumer.processed(message), way).toMatchObject([{ status }]);
        }
      }
    },
    { variant: `${variant}, several` },
  );

  behaviour(
    29,
    'recover gives messages back, and what comes again is another delivery',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const message = await consumer.deliver('recover once');
      const [first, second] = await consumer.processed(message, 2);
      expect([first?.status, second?.status]).toEqual(['unset', 'unset']);
      expect(retries([first, second])).toEqual([0, 1]);
    },
    { variant: `${variant}, recover` },
  );

  behaviour(
    29,
    'the same tag on another channel is another message',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const first = await consumer.deliver('first of two');
      const second = await consumer.deliver('second of two');
      expect(await consumer.processed(second), 'acknowledged').toMatchObject([{ status: 'unset' }]);
      expect(await consumer.processed(first), 'rejected').toMatchObject([{ status: 'error' }]);
    },
    { variant: `${variant}, channels` },
  );

  behaviour(
    29,
    'whoever refuses a message fails its span; whoever acknowledges it does not',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const outcomes = { ack: 'unset', nack: 'error', reject: 'error' };
      const messages = await Promise.all(Object.keys(outcomes).map((way) => consumer.deliver(way)));
      for (const [index, [way, status]] of Object.entries(outcomes).entries()) {
        const message = messages[index] as Delivered; // of that way
        expect(await consumer.processed(message), way).toMatchObject([
          { status, parentSpanId: message.spanId },
        ]);
      }
      const early = await consumer.deliver('ack before the end');
      const [span] = await consumer.processed(early);
      const end = consumer.endOf(early, 'after the ack');
      expect(span?.endTime, 'the handler goes on after the ack').toBeGreaterThanOrEqual(end);
    },
    { variant: `${variant}, outcomes` },
  );

  behaviour(
    29,
    'a channel that closes ends the spans of what was open on it',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const message = await consumer.deliver('close the channel');
      expect(await consumer.processed(message)).toMatchObject([{ parentSpanId: message.spanId }]);
    },
    { variant: `${variant}, closed` },
  );

  behaviour(
    30,
    'what is left unsettled ends without an error, once, and can still be settled',
    async (stage) => {
      const env = { OTEL_SENTRY_SETTLEMENT_TIMEOUT: '300' };
      const consumer = await Consumer.start(stage, api, env);
      const [left, acked] = [await consumer.deliver('leave'), await consumer.deliver('leave, then ack')];
      for (const message of [left, acked]) {
        const [span] = await consumer.processed(message);
        expect(span?.status, 'nobody knows that it failed').toBe('unset');
        expect(span?.events.map(({ name }) => name)).toEqual(['messaging.unsettled']);
        expect((span?.endTime ?? 0) - (span?.startTime ?? 0)).toBeGreaterThanOrEqual(250);
      }
      await consumer.application.call('ackLeft');
      await consumer.application.flush();
      expect(await consumer.processed(acked)).toHaveLength(1);
    },
    { variant },
  );

  behaviour(
    30,
    'a consumer that the broker cancels gets its null, without a span',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const message = await consumer.deliver('ack what is not null');
      await consumer.processed(message);
      const { channel } = await stage.amqp();
      await channel.deleteQueue(message.queue);
      await expect
        .poll(() => consumer.facts('ack what is not null'), { timeout: 5_000 })
        .toEqual(['a message', null]);
      await consumer.application.flush();
      const ofQueue = ({ attributes }: SinkSpan) =>
        Object.values(attributes).some((value) => String(value).includes(message.queue));
      const consumers = stage.sink.spans(
        (span) => span.kind === 'consumer' && span.source === 'otlp' && ofQueue(span),
      );
      expect(consumers).toHaveLength(1);
    },
    { variant: `${variant}, cancelled` },
  );
});

function retries(spans: readonly (SinkSpan | undefined)[]): readonly unknown[] {
  return spans.map((span) => span?.attributes[RETRY_COUNT]);
}
