import type * as OpenTelemetryApi from '@opentelemetry/api';
import type * as SentryNode from '@sentry/node';
import type * as Amqplib from 'amqplib';
import { describeOrder, parseOrder, refuseOnDemand, TooBusy } from './order.ts';
import { assertOrdersQueue, assertRetries, deliveryNumber } from './orders-queue.ts';
import { onStop, postJson, setting } from './process.ts';

export interface Libraries {
  readonly amqplib: typeof Amqplib;
  readonly OpenTelemetry: typeof OpenTelemetryApi;
  readonly Sentry: typeof SentryNode;
}

/** How often a message is delivered before it is given up. */
const DELIVERIES = 3;

/** Works the queue off: asks pricing for the price of each order. */
export async function orders({ amqplib, OpenTelemetry, Sentry }: Libraries): Promise<void> {
  const { SpanStatusCode, trace } = OpenTelemetry;
  const queue = setting('ORDERS_QUEUE');
  const pricing = setting('PRICING_URL');
  const connection = await amqplib.connect(setting('AMQP_URL'), { timeout: 10_000 });
  const channel = await connection.createChannel();
  await assertRetries(channel, queue);
  await assertOrdersQueue(channel, queue);
  await channel.prefetch(10);

  await channel.consume(queue, async (message) => {
    if (message === null) return; // RabbitMQ has deleted the queue
    const delivery = deliveryNumber(message, queue);
    try {
      await handle(message.content, delivery);
      channel.ack(message);
    } catch (error) {
      if (error instanceof TooBusy && delivery < DELIVERIES) {
        Sentry.logger.warn(`${error.message}, again later`);
        channel.nack(message, false, false); // to the dead-letter exchange
      } else {
        Sentry.captureException(error);
        trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
        channel.ack(message); // given up: rejected, it would come back
      }
    }
  });
  console.log('orders ready');
  onStop(() => connection.close());

  async function handle(content: Buffer, delivery: number): Promise<void> {
    const order = parseOrder(JSON.parse(content.toString()));
    describeOrder(Sentry, order);
    if (delivery <= (order.busy ?? 0)) throw new TooBusy(`too busy for order ${order.id}`);
    Sentry.logger.info(`order ${order.id} taken up`);
    refuseOnDemand('orders', order);

    const answer = await postJson(`${pricing}/prices`, order);
    if (!answer.ok) throw new Error(`pricing answered ${answer.status}`);
  }
}
