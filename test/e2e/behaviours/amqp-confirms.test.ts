/** How the span of a publish ends whose outcome the broker tells later. */

import { describe, expect } from 'vitest';
import { queue } from './amqp-messages.ts';
import { type Ids, sentIn } from './amqp-published.ts';
import { behaviour, type Stage } from './harness.ts';

interface Outcome {
  /** What the confirm callback got. */
  readonly told?: readonly (string | null)[];
  /** Why the message came back. */
  readonly returned?: string;
}

describe.each(['promise', 'callback'])('with the %s API', (api) => {
  const variant = `AMQP, ${api}`;

  /** Runs a command of `fixtures/amqp-confirms.mjs`, which publishes once. */
  async function outcome(stage: Stage, command: string, argument: object = {}) {
    const application = await stage.application('amqp-confirms', { API: api });
    const { result, ...root } = await application.call<Ids & { result: Outcome }>(command, argument);
    await application.flush();
    return { result, spans: sentIn(stage, root) };
  }

  behaviour(
    27,
    'a message that the broker refuses fails its span, once; one that it takes does not',
    async (stage) => {
      const full = await queue(stage, `full-${api}`, {
        arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
      });
      const taken = await outcome(stage, 'confirmed', { queue: full });
      expect(taken.result.told).toEqual([null]);
      expect(taken.spans, 'taken').toMatchObject([{ status: 'unset' }]);
      const refused = await outcome(stage, 'refused', { queue: full });
      expect(refused.result.told, 'what amqplib says').toEqual(['message nacked']);
      expect(refused.spans, 'refused').toMatchObject([
        { status: 'error', attributes: { 'error.type': 'nack' } },
      ]);
    },
    { variant },
  );

  behaviour(
    27,
    'a message that comes back because nobody wants it fails its span',
    async (stage) => {
      for (const command of ['returned', 'returned without confirms']) {
        const { result, spans } = await outcome(stage, command);
        expect(result.returned).toBe('NO_ROUTE');
        expect(spans, command).toMatchObject([{ status: 'error', attributes: { 'error.type': 'no_route' } }]);
      }
    },
    { variant: `${variant}, returned` },
  );

  behaviour(
    27,
    'a channel that closes before the confirm fails the span',
    async (stage) => {
      const { result, spans } = await outcome(stage, 'closed before');
      expect(result.told, 'what amqplib says').toEqual(['channel closed']);
      expect(spans).toMatchObject([{ status: 'error', attributes: { 'error.type': 'channel_closed' } }]);
    },
    { variant: `${variant}, closed` },
  );
});
