import type * as SentryNode from '@sentry/node';
import type { Express } from './express.ts';
import { describeOrder, parseOrder, refuseOnDemand } from './order.ts';
import { announce, onStop, postJson, setting } from './process.ts';

export interface Libraries {
  readonly express: Express;
  readonly Sentry: typeof SentryNode;
}

/** Where customers order: takes `POST /orders` and hands each on to the gateway. */
export function storefront({ express, Sentry }: Libraries): void {
  const gateway = setting('GATEWAY_URL');
  const app = express();
  app.use(express.json());

  app.post('/orders', async (request, response) => {
    const order = parseOrder(request.body);
    describeOrder(Sentry, order);
    Sentry.logger.info(`order ${order.id} placed`);
    refuseOnDemand('storefront', order);

    const answer = await postJson(`${gateway}/orders`, order);
    response.status(answer.status).json({ accepted: answer.ok });
  });

  const server = app.listen(0, '127.0.0.1');
  announce('storefront', server);
  onStop(() => server.close());
}
