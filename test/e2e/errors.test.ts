import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Order } from '../../demo/services/order.ts';
import type { SinkError } from '../support/sink/index.ts';
import {
  ancestry,
  BACKENDS,
  MODULE_SYSTEMS,
  type Scenario,
  SERVICES,
  spansOfOrder,
  startScenario,
  traceIdOfOrder,
} from './scenario.ts';

/** What each service is doing when it fails. */
const WORK = {
  storefront: { kind: 'server', transaction: /^POST \/orders$/ },
  gateway: { kind: 'server', transaction: /^POST \/orders$/ },
  orders: { kind: 'consumer', transaction: /orders-\w+/ },
  pricing: { kind: 'server', transaction: /^POST \/prices$/ },
  billing: { kind: 'consumer', transaction: /billing-\w+/ },
} as const;

/** Orders at the same time, each of another customer and every third with a coupon, which fail in turns. */
const CROWD: readonly Order[] = Array.from({ length: 60 }, (_, index) => ({
  id: `crowd-${index}`,
  customer: `customer-${index}`,
  amount: index,
  ...(index % 3 === 0 && { coupon: `coupon-${index}` }),
  fail: SERVICES[index % SERVICES.length] ?? 'billing',
}));

describe.each(MODULE_SYSTEMS)('orders that fail in the shop as %s', (modules) => {
  let scenario: Scenario;
  let sink: Scenario['sink'];

  beforeAll(async () => {
    scenario = await startScenario(modules);
    sink = scenario.sink;
    await Promise.all(CROWD.map((order) => scenario.shop.order(order)));
    await sink.waitFor('an error of every order', () => refusals().length >= CROWD.length, {
      timeout: 30_000,
    });
    await scenario.shop.stop();
  });
  afterAll(() => scenario?.[Symbol.asyncDispose]());

  const refusals = () => sink.errors({ type: 'OrderRefused' });

  test('reach Sentry once each', () => {
    expect(refusals().map(orderIdOf).toSorted()).toEqual(CROWD.map(({ id }) => id).toSorted());
    expect(sink.invalid).toEqual([]);
  });

  test.each(SERVICES)('have the error on the request or message that %s was at', (service) => {
    const { kind, transaction } = WORK[service];
    const errors = refusals().filter(({ value }) => value?.startsWith(`${service} `));
    expect(errors).toHaveLength(CROWD.length / SERVICES.length);
    for (const error of errors) {
      expect(error.traceId).toBe(traceIdOfOrder(sink, orderIdOf(error)));
      expect(error.transaction).toMatch(transaction);
      for (const backend of BACKENDS) {
        const spans = spansOfOrder(sink, orderIdOf(error), backend);
        const way = ancestry(
          spans.find(({ spanId }) => spanId === error.spanId),
          spans,
        );
        const inService = way.filter((span) => span.service === service);
        expect(inService[0], backend).toBe(way[0]);
        expect(inService.at(-1), backend).toMatchObject({ kind, status: 'error' });
      }
    }
  });

  test("say of the order what was said of it, and nothing of the others'", () => {
    const told = refusals().map((error) => ({
      tags: error.tags,
      user: (error.raw as { user?: unknown }).user, // as Sentry's event has it
      breadcrumbs: error.breadcrumbs.flatMap((breadcrumb) => orderBreadcrumb(breadcrumb)),
    }));
    const expected = CROWD.map(({ id, customer, coupon, fail }) => ({
      tags: { service: fail, 'order.id': id, ...(coupon !== undefined && { 'order.coupon': coupon }) },
      user: { id: customer },
      breadcrumbs: [`order ${id} came in`],
    }));
    expect(told.toSorted(byOrder)).toEqual(expected.toSorted(byOrder));
  });

  test('carry the sampling context of their trace', () => {
    for (const error of refusals()) {
      const [span] = spansOfOrder(sink, orderIdOf(error), 'sentry');
      expect(error.dsc).toMatchObject({ trace_id: error.traceId, sample_rand: span?.dsc?.sample_rand });
    }
  });
});

function orderIdOf(error: SinkError): string {
  return String(error.tags['order.id']);
}

function orderBreadcrumb(breadcrumb: unknown): readonly (string | undefined)[] {
  const { category, message } = breadcrumb as { category?: string; message?: string }; // as Sentry's event has it
  return category === 'order' ? [message] : [];
}

function byOrder(a: { tags: object }, b: { tags: object }): number {
  return JSON.stringify(Object.entries(a.tags).toSorted()).localeCompare(
    JSON.stringify(Object.entries(b.tags).toSorted()),
  );
}
