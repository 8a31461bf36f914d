import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Order } from '../../demo/services/order.ts';
import type { Backend, Sink, SinkSpan } from '../support/sink/index.ts';
import {
  ancestry,
  BACKENDS,
  MODULE_SYSTEMS,
  type Scenario,
  SERVICES,
  spansOfOrder,
  startScenario,
  stationsOf,
  traceIdOfOrder,
  WAY,
} from './scenario.ts';

const AT_A_TIME = 5;
/** A customer whom orders is too busy for, ever: given up after three deliveries. */
const GIVEN_UP: Order = { id: 'given-up', customer: 'zoe', amount: 10, busy: 99 };
const BATCH_SIZE = 'messaging.batch.message_count';
const RETRY_COUNT = 'messaging.message.retry.count';

/** Every fourth order comes to orders twice, the twelfth of them three times, and billing refuses every fifth. */
function orderNumber(index: number): Order {
  const busy = index % 12 === 0 ? 2 : 1;
  return {
    id: `order-${index}`,
    customer: `customer-${index}`,
    amount: index,
    ...(index % 4 === 0 && { busy }),
    ...(index % 5 === 0 && { fail: 'billing' }),
  };
}

describe.each(MODULE_SYSTEMS)(
  'orders billed in batches while billing is scaled, the shop as %s',
  (modules) => {
    let scenario: Scenario;
    let sink: Sink;
    const placed: Order[] = [];

    beforeAll(async () => {
      scenario = await startScenario(modules, { envOf: { billing: { BILLING_BATCHES: '1' } } });
      ({ sink } = scenario);
      const { shop } = scenario;
      await shop.order(GIVEN_UP);
      await placeSome();
      await placeDuring(shop.addBilling());
      await placeDuring(
        sink.waitFor('orders billed by both', () => instances().size === 2, { timeout: 30_000 }),
      );
      await placeDuring(shop.removeBilling());
      await placeSome();
      await sink.waitFor(
        'all orders at billing, and the error of the one that was given up',
        () => billed('otlp').size === placed.length && sink.errors({ type: 'TooBusy' }).length > 0,
        { timeout: 60_000 },
      );
      await shop.stop();
    });
    afterAll(() => scenario?.[Symbol.asyncDispose]());

    const placeSome = async () => {
      const some = Array.from({ length: AT_A_TIME }, (_, index) => orderNumber(placed.length + index));
      placed.push(...some);
      const answers = await Promise.all(some.map((order) => scenario.shop.order(order)));
      expect(answers.map(({ status }) => status)).toEqual(some.map(() => 202));
      // A pace that leaves the machine to billing: the next come when the telemetry of these is here.
      await sink.waitFor('their requests', () => requests().length === placed.length + 1, {
        timeout: 30_000,
      });
    };
    const requests = () => sink.spans({ source: 'otlp', service: 'storefront', kind: 'server' });
    /** The group rebalances at some point of the change; orders come in before, at and after it. */
    const placeDuring = async (change: Promise<unknown>) => {
      let changing = true;
      const placing = async () => {
        while (changing) await placeSome();
      };
      const changed = change.finally(() => {
        changing = false;
      });
      await Promise.all([changed, placing()]);
    };

    const consumers = (source: Backend, service: string) => sink.spans({ source, service, kind: 'consumer' });
    const billed = (source: Backend) =>
      new Set(consumers(source, 'billing').flatMap(({ attributes }) => attributes['order.id'] ?? []));
    const batches = (source: Backend) => consumers(source, 'billing').filter(isBatch);
    const billings = (source: Backend) => consumers(source, 'billing').filter((span) => !isBatch(span));
    const instances = () => new Set(billings('otlp').map(({ resource }) => resource['process.pid']));

    // What is between two commits of its offset when the group rebalances is delivered once more, to whoever gets the
    // partition: Kafka promises every record at least once. So these tests look at which orders, not at how often.
    test('are all charged or refused', () => {
      const ids = placed.map(({ id }) => id);
      expect(billed('otlp')).toEqual(new Set(ids));
      const refused = sink.errors({ type: 'OrderRefused' }).map(({ tags }) => tags['order.id']);
      expect(new Set(refused)).toEqual(
        new Set(placed.filter(({ fail }) => fail !== undefined).map(({ id }) => id)),
      );
      const logs = sink.logs.filter(({ source }) => source === 'sentry').map(({ body }) => String(body));
      const charged = logs.flatMap((body) => /^order (\S+) charged$/.exec(body)?.[1] ?? []);
      expect(new Set(charged)).toEqual(
        new Set(placed.filter(({ fail }) => fail === undefined).map(({ id }) => id)),
      );
    });

    describe.each(BACKENDS)('are in %s', (backend) => {
      test('each one trace of all five services', () => {
        for (const { id } of placed) {
          const services = spansOfOrder(sink, id, backend).map(({ service }) => service);
          expect(new Set(services), id).toEqual(new Set(SERVICES));
        }
      });

      test('from the charge up to the request below the spans that caused it', () => {
        for (const { id } of placed) {
          const spans = spansOfOrder(sink, id, backend);
          for (const charge of spans.filter(({ name }) => name === 'charge card')) {
            const way = ancestry(charge, spans);
            expect(stationsOf(way), id).toEqual(WAY);
            expect(way.at(-1)?.parentSpanId, id).toBeUndefined();
          }
          expect(
            spans.filter(({ parentSpanId }) => parentSpanId === undefined),
            id,
          ).toHaveLength(1);
        }
      });

      test('at each delivery from RabbitMQ a span below the one that published them', () => {
        for (const { id, busy = 0 } of [...placed, GIVEN_UP]) {
          const spans = spansOfOrder(sink, id, backend);
          const [published] = spans.filter(
            ({ kind, service }) => kind === 'producer' && service === 'gateway',
          );
          const deliveries = spans
            .filter(({ kind, service }) => kind === 'consumer' && service === 'orders')
            .toSorted((a, b) => a.startTime - b.startTime);
          const times = Math.min(busy + 1, 3);
          expect(
            deliveries.map(({ parentSpanId, attributes }) => [parentSpanId, attributes[RETRY_COUNT]]),
            id,
          ).toEqual(Array.from({ length: times }, (_, retry) => [published?.spanId, retry]));
          const rejected = deliveries.filter(({ status }) => status === 'error');
          expect(rejected, id).toHaveLength(Math.min(busy, 3));
        }
      });

      test('billed in batches whose spans link all that sent their records', () => {
        const several = batches(backend).filter(({ attributes }) => Number(attributes[BATCH_SIZE]) > 1);
        expect(several.length).toBeGreaterThan(0);
        const sent = sink.spans({ source: backend, service: 'pricing', kind: 'producer' }).map(identity);
        for (const batch of several) {
          expect(batch.parentSpanId).toBeUndefined();
          expect(batch.status).not.toBe('error'); // a rebalance in the midst of it is no failure
          expect(batch.links).toHaveLength(Number(batch.attributes[BATCH_SIZE]));
          for (const link of batch.links) expect(sent).toContainEqual(identity(link));
        }
      });

      test('billed in spans below their own sender, linked to their batch', () => {
        const byId = new Map(batches(backend).map((batch) => [batch.spanId, batch]));
        for (const billing of billings(backend)) {
          expect(billing.links, billing.spanId).toHaveLength(1);
          const batch = byId.get(billing.links[0]?.spanId ?? '');
          expect(batch?.traceId).toBe(billing.links[0]?.traceId);
          const sender = { traceId: billing.traceId, spanId: billing.parentSpanId };
          // A batch of one is handled as its record: a child of the sender, not linked to it.
          const senders =
            batch?.attributes[BATCH_SIZE] === 1
              ? [{ traceId: batch.traceId, spanId: batch.parentSpanId }]
              : batch?.links.map(identity);
          expect(senders).toContainEqual(sender);
        }
      });
    });

    test('are the same spans with the same links in both backends', () => {
      const [inSentry, inOtlp] = BACKENDS.map((source) =>
        sink
          .spans({ source })
          .map(({ spanId, traceId, parentSpanId, service, links }) => ({
            spanId,
            traceId,
            parentSpanId,
            service,
            links: links.map(identity),
          }))
          .toSorted((a, b) => a.spanId.localeCompare(b.spanId)),
      );
      expect(inSentry).toEqual(inOtlp);
    });

    test("have their errors below their own message's span, with nothing of the other messages", () => {
      const errors = sink.errors();
      // A rebalance makes kafkajs reject in the batch's handler: that is no error of the application.
      expect(new Set(errors.map(({ type }) => type))).toEqual(new Set(['OrderRefused', 'TooBusy']));
      for (const { traceId, spanId, tags, breadcrumbs, value, raw } of errors) {
        const id = String(tags['order.id']);
        expect(value).toContain(id);
        expect(traceId).toBe(traceIdOfOrder(sink, id));
        const spans = spansOfOrder(sink, id, 'otlp');
        const failed = ancestry(
          spans.find((span) => span.spanId === spanId),
          spans,
        ).find(({ kind }) => kind === 'consumer');
        expect(failed).toMatchObject({ status: 'error', attributes: { 'order.id': id } });
        const customer = [...placed, GIVEN_UP].find((order) => order.id === id)?.customer;
        expect((raw as { user?: unknown }).user).toEqual({ id: customer }); // as Sentry's event has it
        expect(breadcrumbs.filter((breadcrumb) => isOrderBreadcrumb(breadcrumb))).toHaveLength(1);
      }
    });

    test('are given up with one error, at the third delivery', () => {
      const spans = spansOfOrder(sink, GIVEN_UP.id, 'otlp');
      expect(new Set(spans.map(({ service }) => service))).toEqual(
        new Set(['storefront', 'gateway', 'orders']),
      );
      const [last] = consumers('otlp', 'orders').filter(
        ({ attributes }) => attributes['order.id'] === GIVEN_UP.id && attributes[RETRY_COUNT] === 2,
      );
      expect(sink.errors({ type: 'TooBusy' }).map(({ spanId }) => spanId)).toEqual([last?.spanId]);
    });

    test('send nothing that a backend would refuse, and lose nothing', () => {
      expect(sink.invalid).toEqual([]);
      // Of an order that billing refuses at two deliveries Sentry keeps the first error.
      const dropped = sink.clientReports.flatMap(({ discarded }) => discarded);
      expect(dropped.filter(({ category }) => category !== 'error')).toEqual([]);
    });
  },
);

function isBatch({ attributes }: SinkSpan): boolean {
  return attributes[BATCH_SIZE] !== undefined;
}

function identity({ traceId, spanId }: { readonly traceId: string; readonly spanId: string }) {
  return { traceId, spanId };
}

function isOrderBreadcrumb(breadcrumb: unknown): boolean {
  return (breadcrumb as { category?: string }).category === 'order'; // as Sentry's event has it
}
