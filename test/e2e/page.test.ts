import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { page as demoPage } from '../../demo/page.ts';
import type { Sink } from '../support/sink/index.ts';
import { chromiumPath, startBrowser } from './browser.ts';
import { BACKENDS, type Scenario, SERVICES, startScenario, traceIdOfOrder } from './scenario.ts';

const IN_CI = Boolean(process.env.CI);

// A machine without a browser leaves these out; CI has to have one.
describe.skipIf(chromiumPath === undefined && !IN_CI)("the demo's page, in a browser", () => {
  let scenario: Scenario;
  let sink: Sink;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await startBrowser();
    scenario = await startScenario('esm', {
      sink: { handle: (request, response) => demoPage(sink, request, response) },
    });
    sink = scenario.sink;
    page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(sink.otlpEndpoint);
    await page.getByText('Nothing has arrived yet').waitFor();

    const customer = { customer: 'ann', amount: 10 };
    await scenario.shop.order({ id: 'fine', ...customer });
    await scenario.shop.order({ id: '<b>broken</b>', ...customer, fail: 'billing' });
    await sink.waitFor(
      'both charges in both backends',
      ({ spans }) => spans({ name: 'charge card' }).length === 4,
    );
    await scenario.shop.stop();
  });
  afterAll(async () => {
    await browser?.close();
    await scenario?.[Symbol.asyncDispose]();
  });

  const choose = async (orderId: string) => {
    await page.getByRole('navigation').getByText(`Order ${orderId}`, { exact: true }).click();
    await page.getByText(traceIdOfOrder(sink, orderId), { exact: true }).waitFor();
  };
  const rows = (backend: string) => page.locator(`[data-backend=${backend}] [data-span]`);

  test('shows what arrives without being loaded again', async () => {
    await choose('fine');
    await choose('<b>broken</b>');
  });

  test.each(BACKENDS)('shows every span of all services as %s has it', async (backend) => {
    await choose('fine');
    const shown = await rows(backend).evaluateAll((elements) =>
      elements.map((element) => [element.getAttribute('data-service'), element.getAttribute('data-span')]),
    );
    const arrived = sink.spans({ source: backend, traceId: traceIdOfOrder(sink, 'fine') });
    expect(shown.toSorted()).toEqual(arrived.map(({ service, spanId }) => [service, spanId]).toSorted());
    expect(new Set(shown.map(([service]) => service))).toEqual(new Set(SERVICES));
  });

  test('shows the error, and on which span it is', async () => {
    await choose('<b>broken</b>');
    await page.getByText('OrderRefused: billing refuses order <b>broken</b>').first().waitFor();
    const marked = page.locator('[data-backend=sentry] [data-service=billing]', {
      has: page.getByTitle('OrderRefused'),
    });
    expect(await marked.getAttribute('data-span')).toBe(sink.errors()[0]?.spanId);
    await choose('fine');
    expect(await page.getByText('OrderRefused').count()).toBe(0);
  });

  test('shows of a chosen span what both backends got', async () => {
    await choose('fine');
    await rows('sentry').filter({ hasText: 'charge card' }).click();
    const details = page.getByRole('region', { name: 'Chosen span' }).getByRole('article');
    await details.getByText('charge card in Sentry').waitFor();
    const [inSentry = '', inOtlp = ''] = await details.allInnerTexts();
    const [span] = sink.spans({ name: 'charge card', traceId: traceIdOfOrder(sink, 'fine') });
    for (const text of [inSentry, inOtlp]) expect(text).toContain(span?.spanId);
    expect(inSentry).toMatch(/operation\s+payment/);
    expect(inOtlp).toMatch(/kind\s+internal/);
  });

  test('has nothing to complain of', () => {
    expect(complaints).toEqual([]);
    expect(sink.invalid).toEqual([]);
  });
});
