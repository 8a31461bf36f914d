import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';
import { withPreload } from './end.ts';
import { wayToEnd } from './ways-to-end.ts';

// Zipkin's exporter stands for those that OpenTelemetry sends by itself, asynchronously; gRPC's is the other.
test.each([
  { way: wayToEnd('a natural end'), code: 0 },
  { way: wayToEnd('a signal without a listener'), signal: 'SIGTERM' },
] as const)('$way.name waits for an exporter that can only send asynchronously', async ({ way, ...end }) => {
  const received: string[] = [];
  await using zipkin = await startSink({
    handle: async (request, response) => {
      received.push(await text(request));
      response.writeHead(202).end();
    },
  });
  await using app = runApp(
    withPreload(way.name, {
      OTEL_TRACES_EXPORTER: 'zipkin',
      OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${zipkin.otlpEndpoint}/api/v2/spans`,
      SENTRY_DSN: zipkin.dsn,
      SENTRY_ENVIRONMENT: 'test',
    }),
  );
  if ('signal' in end) {
    await app.waitForLine(/^ready$/);
    app.kill(end.signal);
  }
  expect(await app.exited).toMatchObject(end);
  expect(received.join()).toContain('"name":"work"');
  expect(zipkin.spans({ source: 'sentry' })).toMatchObject([{ name: 'work' }]);
});
