import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';

const entry = fileURLToPath(new URL('./fixtures/signals.mjs', import.meta.url));

/** Metrics are collected by promises, for which these ends leave no time: the last interval's are lost. */
const WITHOUT_METRICS = new Set([
  'process.exit',
  'an uncaught exception',
  'a signal that the process raises on itself',
]);

describe.each(['http/protobuf', 'http/json'])('by %s, logs and metrics arrive before', (protocol) => {
  test.each([
    { way: 'a natural end', end: { code: 0 } },
    { way: 'a natural end with a listener for beforeExit', end: { code: 0 } },
    { way: 'process.exit', end: { code: 0 } },
    { way: 'an uncaught exception', end: { code: 1 } },
    { way: 'a signal without a listener', end: { signal: 'SIGTERM' } },
    { way: 'a signal that the process raises on itself', end: { signal: 'SIGTERM' } },
  ])('$way', async ({ way, end }) => {
    await using sink = await startSink();
    await using app = runApp({
      entry,
      args: [way],
      execArgv: ['--import', '@acme/otel-sentry/register'],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'runtime-node,http',
      },
    });
    if (way === 'a signal without a listener') {
      await app.waitForLine(/^ready$/);
      app.kill('SIGTERM');
    }
    expect(await app.exited).toMatchObject(end);
    expect(sink.logs.map(({ body }) => body)).toEqual(['last words']);
    const metrics = sink.metrics.map(({ name, value }) => [name, value]);
    expect(metrics).toEqual(WITHOUT_METRICS.has(way) ? [] : [['app.work', 1]]);
    expect(sink.invalid).toEqual([]);
  });
});

test('exporters that can only send asynchronously are waited for', async () => {
  // The console stands for them; gRPC is the other, and has its test with a real Collector.
  await using app = runApp({
    entry,
    args: ['a natural end'],
    execArgv: ['--import', '@acme/otel-sentry/register'],
    env: { OTEL_METRICS_EXPORTER: 'console', OTEL_LOGS_EXPORTER: 'console' },
  });
  const { stdout } = await app.succeeded();
  expect(stdout).toContain('last words');
  expect(stdout).toContain('app.work');
});
