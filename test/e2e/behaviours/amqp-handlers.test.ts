/** What becomes of what a handler of messages throws, rejects with or returns. */

import { describe, expect } from 'vitest';
import { Consumer } from './amqp-consumer.ts';
import { behaviour } from './harness.ts';

const FAILED = { name: 'Error', message: 'the handler failed', same: true };

describe.each(['promise', 'callback'])('with the %s API', (api) => {
  const variant = `AMQP, ${api}`;

  behaviour(
    31,
    'without acknowledgements the span lasts until the promise of the handler is settled',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const [works, fails] = await Promise.all([
        consumer.deliver('work without ack', {}, { noAck: true }),
        consumer.deliver('reject without ack', {}, { noAck: true }),
      ]);
      const [span] = await consumer.processed(works);
      await consumer.application.flush();
      const end = consumer.endOf(works, 'without ack');
      expect(span?.endTime, 'it ends after the work').toBeGreaterThanOrEqual(end);
      expect(span?.status).toBe('unset');
      expect(await consumer.processed(fails), 'a rejection').toMatchObject([{ status: 'error' }]);
    },
    { variant },
  );

  behaviour(
    32,
    'what a handler throws fails its span and reaches amqplib as the very same error',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      for (const way of ['throw', 'throw, unheard']) {
        const message = await consumer.deliver(way);
        expect(await consumer.processed(message), way).toMatchObject([{ status: 'error' }]);
        await expect.poll(() => consumer.facts(way), { timeout: 5_000 }).toEqual([FAILED]);
      }
    },
    { variant: `${variant}, thrown` },
  );

  behaviour(
    32,
    'what nobody observes stays unobserved: Node sees the same rejection, once',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const before = (await consumer.facts('rejections')).length;
      const withNull = await consumer.deliver('reject with null');
      expect(await consumer.processed(withNull), 'null').toMatchObject([{ status: 'error' }]);
      const withError = await consumer.deliver('reject without ack', {}, { noAck: true });
      expect(await consumer.processed(withError), 'an error').toMatchObject([{ status: 'error' }]);
      await consumer.application.flush();
      const seen = (await consumer.facts('rejections')).slice(before);
      expect(seen).toMatchObject([{ isNull: true }, { isNull: false, ...FAILED }]);
    },
    { variant: `${variant}, rejected` },
  );

  behaviour(
    32,
    'a rejection that the application handles itself is none that Node reports',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      const before = (await consumer.facts('rejections')).length;
      await consumer.processed(await consumer.deliver('reject, heard'));
      await expect.poll(() => consumer.facts('reject, heard'), { timeout: 5_000 }).toEqual([FAILED]);
      await consumer.application.flush();
      expect((await consumer.facts('rejections')).slice(before)).toEqual([]);
    },
    { variant: `${variant}, heard` },
  );

  behaviour(
    32,
    'a handler may return anything, and nothing is done with it',
    async (stage) => {
      const consumer = await Consumer.start(stage, api);
      for (const way of ['return a number', 'return null', 'return a query']) {
        const message = await consumer.deliver(way);
        expect(await consumer.processed(message), way).toMatchObject([{ status: 'unset' }]);
      }
      expect(await consumer.facts('return a query'), 'a query that nobody awaits').toEqual([]);
    },
    { variant: `${variant}, returned` },
  );
});
