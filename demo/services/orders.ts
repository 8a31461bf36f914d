import type * as SentryNode from '@sentry/node';
import type * as Amqplib from 'amqplib';
import { describeOrder, parseOrder, refuseOnDemand } from './order.ts';
import { onStop, postJson, setting } from './process.ts';

export interface Libraries {
  readonly amqplib: typeof Amqplib;
  readonly Sentry: typeof SentryNode;
}

/** Works the queue off: asks pricing for the price of each order. */
export async function orders({ amqplib, Sentry }: Libraries): Promise<void> {
  const queue = setting('ORDERS_QUEUE');
  const pricing = setting('PRICING_URL');
  const connection = await amqplib.connect(setting('AMQP_URL'), { timeout: 10_000 });
  const channel = await connection.createChannel();
  await channel.assertQueue(queue, { autoDelete: true });
  await channel.prefetch(10);

  await channel.consume(queue, async (message) => {
    if (message === null) return; // RabbitMQ has deleted the queue
    try {
      await handle(message.content);
      channel.ack(message);
    } catch (error) {
      Sentry.captureException(error);
      channel.nack(message, false, false); // again would fail again
    }
  });
  console.log('orders ready');
  onStop(() => connection.close());

  async function handle(content: Buffer): Promise<void> {
    const order = parseOrder(JSON.parse(content.toString()));
    describeOrder(Sentry, order);
    Sentry.logger.info(`order ${order.id} taken up`);
    refuseOnDemand('orders', order);

    const answer = await postJson(`${pricing}/prices`, order);
    if (!answer.ok) throw new Error(`pricing answered ${answer.status}`);
  }
}
