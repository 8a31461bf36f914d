import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../support/sink/index.ts';
import { MODULE_SYSTEMS, type Scenario, SERVICES, startScenario, traceIdOfOrder } from './scenario.ts';

const ORDERS = Array.from({ length: 200 }, (_, index) => `order-${index}`);
const AT_A_TIME = 10;
/** The head's is the one that counts: were any other asked, the services would disagree. */
const SAMPLE_RATES = { storefront: '0.1', gateway: '1', orders: '0.5', pricing: '0', billing: '1' };
const failsInBilling = (index: number) => index % 10 === 0;

describe.each(MODULE_SYSTEMS)('200 orders at a sample rate of 0.1 at the head, the shop as %s', (modules) => {
  let scenario: Scenario;
  let sink: Scenario['sink'];
  let all: ReadonlySet<string>;

  beforeAll(async () => {
    const envOf = Object.fromEntries(
      Object.entries(SAMPLE_RATES).map(([service, rate]) => [service, { SENTRY_TRACES_SAMPLE_RATE: rate }]),
    );
    scenario = await startScenario(modules, { envOf });
    sink = scenario.sink;
    const left = [...ORDERS.entries()];
    const customer = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const [index, id] = next;
        const fail = failsInBilling(index) ? { fail: 'billing' } : {};
        const answer = await scenario.shop.order({ id, customer: 'ann', amount: index, ...fail });
        expect(answer.status).toBe(202);
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, customer));
    await sink.waitFor(
      'every order at billing',
      ({ spans }) => spans({ source: 'otlp', service: 'billing', kind: 'consumer' }).length === ORDERS.length,
      { timeout: 60_000 },
    );
    await scenario.shop.stop();
    all = new Set(ORDERS.map((id) => traceIdOfOrder(sink, id)));
  });
  afterAll(() => scenario?.[Symbol.asyncDispose]());

  const tracesOf = (source: Backend, service: string) =>
    new Set(sink.spans({ source, service }).map(({ traceId }) => traceId));

  test.each(SERVICES)('are all in OTLP at %s', (service) => {
    expect(all.size).toBe(ORDERS.length);
    expect(tracesOf('otlp', service)).toEqual(all);
  });

  test('are in Sentry about one in ten, the same at every service', () => {
    const decided = tracesOf('sentry', 'storefront');
    // Of 200 at 0.1, fewer than 5 or more than 45 come once in 40,000 runs.
    expect(decided.size).toBeGreaterThanOrEqual(5);
    expect(decided.size).toBeLessThanOrEqual(45);
    for (const service of SERVICES) expect(tracesOf('sentry', service), service).toEqual(decided);
  });

  test('have in Sentry, where they are there, every span that OTLP has', () => {
    const ids = (source: Backend, traceId: string) =>
      sink
        .spans({ source, traceId })
        .map(({ spanId }) => spanId)
        .toSorted();
    for (const traceId of tracesOf('sentry', 'storefront')) {
      expect(ids('sentry', traceId)).toEqual(ids('otlp', traceId));
    }
  });

  test("say in every service's envelopes what was decided at the head", () => {
    const decided = tracesOf('sentry', 'storefront');
    for (const traceId of decided) {
      const contexts = sink.spans({ source: 'sentry', traceId }).map(({ dsc }) => dsc);
      const [head] = contexts;
      expect(head).toMatchObject({ trace_id: traceId, sampled: 'true', sample_rate: '0.1' });
      expect(Number(head?.sample_rand)).toBeLessThan(0.1);
      expect(new Set(contexts.map((dsc) => dsc?.sample_rand)).size).toBe(1);
    }
  });

  test('have their errors in Sentry whether sampled or not, on the span that OTLP has', () => {
    const decided = tracesOf('sentry', 'storefront');
    const errors = sink.errors({ type: 'OrderRefused' });
    const failed = ORDERS.filter((_, index) => failsInBilling(index));
    expect(errors.map(({ traceId }) => traceId).toSorted()).toEqual(
      failed.map((id) => traceIdOfOrder(sink, id)).toSorted(),
    );
    for (const { traceId = '', spanId, dsc } of errors) {
      expect(sink.spans({ source: 'otlp', traceId, spanId })).toMatchObject([{ service: 'billing' }]);
      expect(dsc).toMatchObject({ trace_id: traceId, sampled: String(decided.has(traceId)) });
    }
  });

  test('send nothing that a backend would refuse', () => {
    expect(sink.invalid).toEqual([]);
  });
});
