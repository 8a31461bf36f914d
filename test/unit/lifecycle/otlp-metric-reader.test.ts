import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect, test } from 'vitest';
import { createOtlpMetricExport } from '../../../src/lifecycle/otlp-exporter.ts';
import type { MetricReaderOptions, OtlpMetricReader } from '../../../src/lifecycle/otlp-metric-reader.ts';
import { useOtlpSink } from './otlp-sink.ts';

const otlp = useOtlpSink();

type SetUp = Partial<MetricReaderOptions> & { readonly protocol?: 'http/protobuf' | 'http/json' };

function counterWith(options: SetUp = {}) {
  const reader = createOtlpMetricExport({
    protocol: 'http/protobuf',
    temporality: 'cumulative',
    intervalMillis: 60_000,
    timeoutMillis: 5_000,
    ...options,
  });
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('test');
  return { reader, provider, meter, orders: meter.createCounter('orders') };
}

const values = () => otlp.sink.metrics.map(({ name, value }) => [name, value]);

/** Posts what the reader hands over, as the end of the process would. */
async function takeOver(reader: OtlpMetricReader): Promise<void> {
  for (const { url, headers, body } of reader.drainSync()) {
    await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  }
}

test.each(['http/protobuf', 'http/json'] as const)('metrics arrive by %s when flushed', async (protocol) => {
  const { provider, orders } = counterWith({ protocol });
  orders.add(2);
  await provider.forceFlush();
  expect(values()).toEqual([['orders', 2]]);
  expect(otlp.sink.requests).toMatchObject([{ path: '/v1/metrics' }]);
  expect(otlp.sink.invalid).toEqual([]);
});

test('metrics arrive again and again', async () => {
  const { provider, orders } = counterWith({ intervalMillis: 20 });
  orders.add(1);
  await otlp.sink.waitFor('two exports', ({ metrics }) => metrics.length >= 2);
  await provider.shutdown();
});

test.each([
  { temporality: 'cumulative', expected: [1, 3] },
  { temporality: 'delta', expected: [1, 2] },
] as const)('a counter is $temporality when that is preferred', async ({ temporality, expected }) => {
  const { provider, orders } = counterWith({ temporality });
  orders.add(1);
  await provider.forceFlush();
  orders.add(2);
  await provider.forceFlush();
  expect(values().map(([, value]) => value)).toEqual(expected);
});

test('the last values are handed over when the process ends, collected without a turn of the event loop', async () => {
  const { reader, meter, orders } = counterWith();
  meter.createObservableGauge('stock').addCallback((result) => result.observe(7));
  orders.add(3);
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await reader.prepare();
  expect(turned).toBe(false);
  await takeOver(reader);
  expect(values()).toEqual(
    expect.arrayContaining([
      ['orders', 3],
      ['stock', 7],
    ]),
  );
  expect(reader.drainSync()).toEqual([]);
});

test('what was collected for an end that did not come is sent after all', async () => {
  const { reader, orders } = counterWith();
  orders.add(4);
  await reader.prepare();
  reader.resume();
  await otlp.sink.waitFor('the values', ({ metrics }) => metrics.length === 1);
  expect(values()).toEqual([['orders', 4]]);
});

test('a failing callback of the application costs its metric alone', async () => {
  const { provider, meter, orders } = counterWith();
  meter.createObservableGauge('broken').addCallback(() => {
    throw new Error('broken');
  });
  orders.add(5);
  await provider.forceFlush();
  expect(values()).toEqual([['orders', 5]]);
});
