/** Messages that amqp-connection-manager keeps while it has no connection. */

import type { ConsumeMessage } from 'amqplib';
import { expect } from 'vitest';
import { queue, received } from './amqp-messages.ts';
import { AmqpProxy } from './amqp-proxy.ts';
import { expectSentFrom, type Ids } from './amqp-published.ts';
import { type Application, behaviour, type Stage } from './harness.ts';

const COMMANDS = ['publish', 'sendToQueue', 'publishWithCallback'];

behaviour(
  37,
  'a message is part of the trace in which it was published, though it is sent after a reconnect',
  async (stage) => {
    await using proxy = await AmqpProxy.start();
    const application = await stage.application('amqp-buffered');
    const to = await queue(stage, 'to');

    await proxy.cut();
    await application.call('open', { url: proxy.url });
    const early = sendAll(stage, application, to);
    expect(await application.call('queued'), 'messages that wait for a connection').toBe(COMMANDS.length);
    await proxy.restore();
    await expectSent(stage, await early, 'before it was connected');

    await application.call('connected');
    await expectSent(stage, await sendAll(stage, application, to), 'connected');

    await proxy.cut();
    await application.call('disconnected');
    const late = sendAll(stage, application, to);
    expect(await application.call('queued'), 'messages that wait for a reconnect').toBe(COMMANDS.length);
    await proxy.restore();
    await expectSent(stage, await late, 'disconnected');
  },
  { variant: 'AMQP' },
);

interface Sent {
  readonly message: ConsumeMessage | undefined;
  /** The span around its publish. */
  readonly root: Ids;
}

/** Publishes in every way, each in a span of its own. @returns what was sent, by the way. */
async function sendAll(
  stage: Stage,
  application: Application,
  to: string,
): Promise<ReadonlyMap<string, Sent>> {
  const roots = COMMANDS.map((command) => application.call<Ids>(command, { queue: to, messageId: command }));
  const [messages] = await Promise.all([received(stage, to, COMMANDS.length), ...roots]);
  await application.flush();
  const sent = COMMANDS.map(async (command, index) => {
    const root = (await roots[index]) as Ids; // one for each
    return [command, { message: messages.get(command), root }] as const;
  });
  return new Map(await Promise.all(sent));
}

async function expectSent(stage: Stage, sent: ReadonlyMap<string, Sent>, when: string): Promise<void> {
  for (const [command, { message, root }] of sent) {
    await expectSentFrom(stage, root, message, `${command}, ${when}`);
  }
}
