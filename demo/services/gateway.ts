import type * as SentryNode from '@sentry/node';
import type * as Amqplib from 'amqplib';
import type { Express } from './express.ts';
import { describeOrder, type Order, parseOrder, refuseOnDemand } from './order.ts';
import { assertOrdersQueue } from './orders-queue.ts';
import { announce, onStop, postJson, setting } from './process.ts';

export interface Libraries {
  readonly amqplib: typeof Amqplib;
  readonly express: Express;
  readonly Sentry: typeof SentryNode;
}

/** Takes orders over HTTP and queues them in RabbitMQ; without RabbitMQ it asks pricing at once. */
export async function gateway({ amqplib, express, Sentry }: Libraries): Promise<void> {
  const outlet = process.env.AMQP_URL ? await queue(amqplib) : directly();
  const app = express();
  app.use(express.json());

  app.post('/orders', async (request, response) => {
    const order = parseOrder(request.body);
    describeOrder(Sentry, order);
    refuseOnDemand('gateway', order);

    const accepted = await outlet.deliver(order);
    Sentry.logger.info(`order ${order.id} ${accepted ? 'accepted' : 'declined'}`);
    response.status(accepted ? 202 : 502).json({ accepted });
  });

  const server = app.listen(0, '127.0.0.1');
  announce('gateway', server);
  onStop(() => server.close(() => outlet.close()));
}

interface Outlet {
  /** Resolves with false where the order is declined; a queue takes every order. */
  deliver(order: Order): Promise<boolean>;
  close(): unknown;
}

async function queue(amqplib: typeof Amqplib): Promise<Outlet> {
  const name = setting('ORDERS_QUEUE');
  const connection = await amqplib.connect(setting('AMQP_URL'), { timeout: 10_000 });
  const channel = await connection.createConfirmChannel();
  await assertOrdersQueue(channel, name);
  return {
    async deliver(order) {
      channel.sendToQueue(name, Buffer.from(JSON.stringify(order)), { messageId: order.id });
      await channel.waitForConfirms();
      return true;
    },
    close: () => connection.close(),
  };
}

function directly(): Outlet {
  const pricing = setting('PRICING_URL');
  return {
    deliver: async (order) => (await postJson(`${pricing}/prices`, order)).ok,
    close: () => undefined,
  };
}
