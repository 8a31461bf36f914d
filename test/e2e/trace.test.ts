import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

const BROWSER = { traceId: '0123456789abcdef0123456789abcdef', spanId: '0123456789abcdef' };
const PROXY = { traceId: 'fedcba9876543210fedcba9876543210', spanId: 'fedcba9876543210' };

describe.each(MODULE_SYSTEMS)('an order that goes through the shop as %s', (modules) => {
  let scenario: Scenario;
  let sink: Scenario['sink'];

  beforeAll(async () => {
    scenario = await startScenario(modules);
    sink = scenario.sink;
    const customer = { customer: 'ann', amount: 10 };
    const answers = await Promise.all([
      scenario.shop.order({ id: 'plain', ...customer }, { baggage: 'tenant=acme,team=checkout' }),
      scenario.shop.order(
        { id: 'between-two-traces', ...customer },
        {
          'sentry-trace': `${BROWSER.traceId}-${BROWSER.spanId}-1`,
          traceparent: `00-${PROXY.traceId}-${PROXY.spanId}-01`,
        },
      ),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    await sink.waitFor(
      'both charges in both backends',
      ({ spans }) => spans({ name: 'charge card' }).length === 4,
    );
    await scenario.shop.stop();
  });
  afterAll(() => scenario?.[Symbol.asyncDispose]());

  describe.each(BACKENDS)('is in %s', (backend) => {
    test('one trace of all five services', () => {
      const spans = spansOfOrder(sink, 'plain', backend);
      expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(SERVICES));
      const ofOrder = sink.spans({ source: backend, attributes: { 'order.id': 'plain' } });
      expect(ofOrder.map(({ service }) => service).toSorted()).toEqual(SERVICES.toSorted());
    });

    test('in which every span is below the one that caused it', () => {
      const spans = spansOfOrder(sink, 'plain', backend);
      const way = ancestry(
        spans.find(({ name }) => name === 'charge card'),
        spans,
      );
      expect(stationsOf(way)).toEqual(WAY);
      expect(way.at(-1)?.parentSpanId).toBeUndefined();
      for (const span of spans) expect(ancestry(span, spans).at(-1), span.name).toBe(way.at(-1));
    });

    test("the proxy's trace with a link to the browser's, where the request names both", () => {
      expect(traceIdOfOrder(sink, 'between-two-traces')).toBe(PROXY.traceId);
      const spans = spansOfOrder(sink, 'between-two-traces', backend);
      expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(SERVICES));
      const links = spans.flatMap((span) => span.links.map((link) => ({ of: span, link })));
      expect(links).toMatchObject([
        { of: { service: 'storefront', kind: 'server', parentSpanId: PROXY.spanId }, link: BROWSER },
      ]);
    });
  });

  test('has the same spans in both backends', () => {
    const [inSentry, inOtlp] = BACKENDS.map((backend) =>
      spansOfOrder(sink, 'plain', backend)
        .map(({ spanId, parentSpanId, service }) => ({ spanId, parentSpanId, service }))
        .toSorted((a, b) => a.spanId.localeCompare(b.spanId)),
    );
    expect(inSentry).toEqual(inOtlp);
  });

  test("keeps the client's own baggage to the tail", () => {
    expect(sink.logs.find(({ body }) => body === 'order plain charged')?.attributes).toMatchObject({
      tenant: 'acme',
    });
  });

  test('has its logs on the spans they were written in', () => {
    const spans = spansOfOrder(sink, 'plain', 'otlp');
    const services = sink.logs
      .filter(({ source, body }) => source === 'sentry' && /order plain/.test(String(body)))
      .map(
        ({ traceId, spanId }) =>
          spans.find((span) => span.traceId === traceId && span.spanId === spanId)?.service,
      );
    expect(services.toSorted()).toEqual(SERVICES.toSorted());
  });

  test('has one dynamic sampling context in the envelopes of all services', () => {
    const traceId = traceIdOfOrder(sink, 'plain');
    const spans = spansOfOrder(sink, 'plain', 'sentry');
    const contexts = new Set(
      spans.map(({ dsc }) => JSON.stringify([dsc?.trace_id, dsc?.sample_rand, dsc?.sampled])),
    );
    const sampleRand = spans[0]?.dsc?.sample_rand;
    expect([...contexts]).toEqual([JSON.stringify([traceId, sampleRand, 'true'])]);
    expect(sampleRand).toMatch(/^0\.\d{6}$/);
    expect(spans[0]?.dsc).toMatchObject({ public_key: 'public', sample_rate: '1', environment: 'test' });
  });

  test("leaves nothing of Sentry's in OTLP", () => {
    for (const { name, raw, resource } of sink.spans({ source: 'otlp' })) {
      const { attributes, traceState = '' } = raw as { attributes?: unknown; traceState?: string }; // as OTLP's JSON has it
      expect(JSON.stringify([attributes, resource]), name).not.toMatch(/"sentry\./);
      expect(traceState, name).toBe('');
    }
  });

  test('sends nothing that a backend would refuse or that Sentry dropped', () => {
    expect(sink.invalid).toEqual([]);
    expect(sink.clientReports).toEqual([]);
    expect(new Set(sink.requests.map(({ outcome }) => outcome))).toEqual(new Set([200]));
  });
});
