import type * as Http from 'node:http';
import { json } from 'node:stream/consumers';
import type * as SentryNode from '@sentry/node';
import type * as KafkaJs from 'kafkajs';
import { describeOrder, type Order, parseOrder, refuseOnDemand } from './order.ts';
import { announce, onStop, setting } from './process.ts';

export interface Libraries {
  readonly createServer: typeof Http.createServer;
  readonly Kafka: typeof KafkaJs.Kafka;
  readonly Sentry: typeof SentryNode;
}

/** Answers `POST /prices` and, where there is Kafka, has the order billed by a record of its topic. */
export async function pricing({ createServer, Kafka, Sentry }: Libraries): Promise<void> {
  const billing = process.env.KAFKA_BROKERS ? await topic(Kafka) : undefined;

  const server = createServer(async (request, response) => {
    try {
      const order = parseOrder(await json(request));
      describeOrder(Sentry, order);
      refuseOnDemand('pricing', order);

      const price = order.coupon === undefined ? order.amount : order.amount * 0.9;
      await billing?.send(order, price);
      Sentry.logger.info(`order ${order.id} priced`);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ price }));
    } catch (error) {
      Sentry.captureException(error);
      response.writeHead(500).end();
    }
  });
  announce('pricing', server.listen(0, '127.0.0.1'));
  onStop(() => server.close(() => billing?.close()));
}

async function topic(Kafka: typeof KafkaJs.Kafka) {
  const name = setting('BILLING_TOPIC');
  const kafka = new Kafka({ clientId: 'pricing', brokers: setting('KAFKA_BROKERS').split(',') });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  return {
    send: (order: Order, price: number) =>
      producer.send({
        topic: name,
        messages: [{ key: order.id, value: JSON.stringify({ ...order, amount: price }) }],
        timeout: 10_000,
      }),
    close: () => producer.disconnect(),
  };
}
