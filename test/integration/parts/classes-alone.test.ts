import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';

const entry = fileURLToPath(new URL('./fixtures/classes-alone.mjs', import.meta.url));

it.each([
  { ratio: '1', otlp: ['job'], flag: '01' },
  { ratio: '0', otlp: [], flag: '00' },
])('each class works alone, around a sampler of the shop (ratio $ratio)', async ({ ratio, otlp, flag }) => {
  await using sink = await startSink();
  await using app = runApp({
    entry,
    env: { RATIO: ratio, SENTRY_DSN: sink.dsn, OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint },
  });
  const { stdout, stderr } = await app.succeeded();
  expect(stderr).toBe('');
  const [span, ...more] = sink.spans({ source: 'sentry' });
  expect([span?.name, more]).toEqual(['job', []]);
  expect(sink.spans({ source: 'otlp' }).map(({ name }) => name)).toEqual(otlp);
  expect(sink.invalid).toEqual([]);
  const ids = `${span?.traceId}-${span?.spanId}`;
  expect(JSON.parse(stdout)).toMatchObject({
    traceparent: `00-${ids}-${flag}`,
    'sentry-trace': `${ids}-1`,
  });
});
