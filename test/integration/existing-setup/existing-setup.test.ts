import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runApp } from '../../support/process.ts';
import { type Sink, startSink } from '../../support/sink/index.ts';

const OURS = '@acme/otel-sentry/register';
const THEIRS = '@opentelemetry/auto-instrumentations-node/register';

const entry = fileURLToPath(new URL('./fixtures/shop.cjs', import.meta.url));

interface Launch {
  readonly execArgv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const LAUNCHES: Readonly<Record<string, Launch>> = {
  'before ours': { execArgv: ['--import', THEIRS, '--import', OURS] },
  'after ours': { execArgv: ['--import', OURS, '--import', THEIRS] },
  'by NODE_OPTIONS, as the operator for Kubernetes sets it': {
    execArgv: ['--import', OURS],
    env: { NODE_OPTIONS: `--require ${THEIRS}` },
  },
};

/** Runs the shop, asks it for three orders and two that break, and ends it. @returns what it printed on stderr. */
async function run({ execArgv, env = {} }: Launch, sink: Sink, withSentry = true): Promise<string> {
  await using app = runApp({
    entry,
    execArgv,
    env: {
      ...(withSentry && { SENTRY_DSN: sink.dsn, SENTRY_TRACES_SAMPLE_RATE: '1' }),
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_NODE_RESOURCE_DETECTORS: 'none',
      OTEL_SERVICE_NAME: 'shop',
      NODE_ENV: 'test', // Express prints no stacks then
      ...env,
    },
  });
  const port = await app.ready();
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).then((answer) => answer.text());
  await Promise.all(['/orders/a', '/orders/b', '/orders/c', '/broken/d', '/broken/e'].map(get));
  await sink.waitFor(
    'the server spans',
    ({ spans }) => spans({ kind: 'server', source: 'otlp' }).length >= 5,
  );
  app.kill('SIGTERM');
  await app.succeeded();
  return app.stderr;
}

describe.each(Object.entries(LAUNCHES))('OpenTelemetry that is started %s', (_when, launch) => {
  it('goes on alone, and Sentry gets errors and logs on its spans', async () => {
    await using sink = await startSink();
    const stderr = await run(launch, sink);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^OpenTelemetry: not started a second time \(got @opentelemetry\/auto-instrumentations-node\/register, expected none\): Sentry gets errors and logs/,
      ),
    ]);

    const servers = sink.spans({ kind: 'server', source: 'otlp' });
    expect(servers.map(({ name }) => name).toSorted()).toEqual([
      'GET /broken/:id',
      'GET /broken/:id',
      'GET /orders/:id',
      'GET /orders/:id',
      'GET /orders/:id',
    ]);
    expect(sink.spans({ source: 'sentry' })).toEqual([]);
    expect(sink.invalid).toEqual([]);

    const spanIds = new Set(
      sink.spans({ source: 'otlp' }).map(({ traceId, spanId }) => `${traceId} ${spanId}`),
    );
    for (const id of ['a', 'b', 'c']) {
      const [error, ...more] = sink.errors({ value: `captured ${id}` });
      expect(more).toEqual([]);
      expect(spanIds).toContain(`${error?.traceId} ${error?.spanId}`);
      expect(error?.transaction).toBe('GET /orders/:id');
      expect(Object.keys(error?.tags ?? {}).filter((tag) => tag.startsWith('only.'))).toEqual([`only.${id}`]);
      const log = sink.logs.find(({ body, source }) => source === 'sentry' && body === `order ${id}`);
      expect(spanIds).toContain(`${log?.traceId} ${log?.spanId}`);
    }
    for (const id of ['d', 'e']) {
      const errors = sink.errors({ value: `thrown ${id}` });
      expect(errors.map(({ transaction, raw }) => [transaction, (raw as { user?: unknown }).user])).toEqual([
        ['GET /broken/:id', { id }],
      ]);
      expect(spanIds).toContain(`${errors[0]?.traceId} ${errors[0]?.spanId}`);
    }
  });
});

it('the spans of such a set-up are the same with and without us', async () => {
  const launches = [{ execArgv: ['--import', THEIRS] }, { execArgv: ['--import', THEIRS, '--import', OURS] }];
  const [without, beside] = await Promise.all(
    launches.map(async (launch) => {
      await using sink = await startSink();
      await run(launch, sink);
      return sink
        .spans({ source: 'otlp' })
        .map(({ name, kind, attributes }) => JSON.stringify([name, kind, Object.keys(attributes).toSorted()]))
        .toSorted();
    }),
  );
  expect(beside).toEqual(without);
});

it('its api may be older than ours', async () => {
  const file = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
  await using sink = await startSink();
  await using app = runApp({
    entry: file('older-api-app.cjs'),
    execArgv: ['--require', file('older-api.cjs'), '--import', OURS],
    env: { SENTRY_DSN: sink.dsn },
  });
  const { stderr } = await app.succeeded();
  expect(stderr).toMatch(/^OpenTelemetry: not started a second time \(got a tracer provider .*\n$/);
  const errors = sink.errors();
  expect(errors.map(({ tags }) => Object.keys(tags).filter((tag) => tag.startsWith('only.')))).toEqual([
    ['only.a'],
    ['only.b'],
  ]);
  for (const { spanId, value } of errors) expect(spanId).toBe(value);
});

it('without Sentry there is one line and nothing else', async () => {
  await using sink = await startSink();
  const stderr = await run({ execArgv: ['--import', THEIRS, '--import', OURS] }, sink, false);
  expect(stderr).toBe(`OpenTelemetry: not started a second time (got ${THEIRS}, expected none)\n`);
  expect(sink.spans({ kind: 'server' })).toHaveLength(5);
});
