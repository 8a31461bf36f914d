import { once } from 'node:events';
import { createRequire } from 'node:module';
import { BODY, type ClientOptions, type MessagingClient, type Step } from './client.ts';

// By require: OpenTelemetry's register instruments no package that an ES module imports.
const amqplib = createRequire(import.meta.url)('amqplib') as typeof import('amqplib');

const MESSAGES = 4_000;
/** What one request publishes. */
const BURST = 5;

/** Publishes on both kinds of channels and consumes with acknowledgements, by the promise API. */
export async function connectAmqplib(options: ClientOptions): Promise<MessagingClient> {
  const { address, destination: queue, inRequest, onHeaders } = options;
  const connection = await amqplib.connect(address);
  const channel = await connection.createChannel();
  const confirming = await connection.createConfirmChannel();
  const consuming = await connection.createChannel();
  await consuming.prefetch(100);
  await channel.assertQueue(queue, { exclusive: true });
  const publishing = { contentType: 'application/json', headers: { tenant: 'acme' } };

  const publish: Step = {
    name: 'publish',
    messages: MESSAGES,
    async run() {
      const started = performance.now();
      for (let sent = 0; sent < MESSAGES; sent += BURST) {
        await inRequest(async () => {
          let hasRoom = true;
          for (let i = 0; i < BURST; i++) hasRoom = channel.sendToQueue(queue, BODY, publishing);
          if (!hasRoom) await once(channel, 'drain');
        });
      }
      // The broker answers in order.
      await channel.checkQueue(queue);
      return performance.now() - started;
    },
  };

  const consume: Step = {
    name: 'consume, ack',
    messages: MESSAGES,
    async run() {
      const started = performance.now();
      const done = Promise.withResolvers<void>();
      let handled = 0;
      const { consumerTag } = await consuming.consume(queue, (message) => {
        if (message === null) return done.reject(new Error('the queue is gone'));
        onHeaders(message.properties.headers);
        consuming.ack(message);
        if (++handled === MESSAGES) done.resolve();
      });
      await done.promise;
      const took = performance.now() - started;
      await consuming.cancel(consumerTag);
      return took;
    },
  };

  const confirm: Step = {
    name: 'publish, confirmed',
    messages: MESSAGES,
    async run() {
      const started = performance.now();
      for (let sent = 0; sent < MESSAGES; sent += BURST) {
        await inRequest(async () => {
          for (let i = 0; i < BURST; i++) confirming.sendToQueue(queue, BODY, publishing);
        });
        if ((sent / BURST) % 20 === 19) await confirming.waitForConfirms();
      }
      const took = performance.now() - started;
      await channel.purgeQueue(queue);
      return took;
    },
  };

  return { steps: [publish, consume, confirm], close: () => connection.close() };
}
