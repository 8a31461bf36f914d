/** The helpers in applications, through the worked examples of `examples/`, on a queue that really runs. */

import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../../support/process.ts';
import { PRELOAD } from '../../support/project.ts';
import { type Sink, type SinkSpan, startSink } from '../../support/sink/index.ts';
import { type QueueServer, startQueueServer } from './queue-server.ts';

type ModuleSystem = 'mjs' | 'cjs';

interface RunOptions {
  readonly sink: Sink;
  readonly queues: QueueServer;
  readonly type: ModuleSystem;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Runs a command of `fixtures/scenario.mjs` to its end. @returns its result, whose form is the command's promise. */
async function run<Result>(command: string, { sink, queues, type, env = {} }: RunOptions): Promise<Result> {
  await using app = runApp({
    entry: fileURLToPath(new URL(`./fixtures/application.${type}`, import.meta.url)),
    args: [command],
    execArgv: ['--import', PRELOAD],
    env: {
      SENTRY_DSN: sink.dsn,
      SENTRY_TRACES_SAMPLE_RATE: '1',
      OTEL_SERVICE_NAME: command,
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      QUEUE_SOCKET: queues.path,
      ...env,
    },
  });
  const { stdout, stderr } = await app.succeeded();
  expect(stderr).toBe('');
  const [, result = ''] = /^result (.*)$/m.exec(stdout) ?? [];
  return (result === 'undefined' ? undefined : JSON.parse(result)) as Result;
}

const idsOf = (spans: readonly SinkSpan[]) =>
  spans.map(({ traceId, spanId }) => `${traceId}-${spanId}`).sort();

describe.each<ModuleSystem>(['mjs', 'cjs'])('jobs on a list, in a .%s application', (type) => {
  let sink: Sink;
  let queues: QueueServer;
  let results: unknown[];
  const startedAt = Date.now() / 1000;

  beforeAll(async () => {
    sink = await startSink();
    queues = await startQueueServer();
    expect(await run('produce', { sink, queues, type })).toEqual([1, 2, 3]);
    results = await run('consume', { sink, queues, type });
  });
  afterAll(async () => {
    await queues[Symbol.asyncDispose]();
    await sink.close();
  });

  it('are one trace from the request to each handler, the same in Sentry and in OTLP', () => {
    expect(sink.invalid).toEqual([]);
    for (const source of ['sentry', 'otlp'] as const) {
      const [request] = sink.spans({ source, name: 'request' });
      const sent = sink.spans({ source, name: 'send jobs', kind: 'producer' });
      const handled = sink.spans({ source, name: 'process jobs', kind: 'consumer' });
      expect([sent.length, handled.length]).toEqual([3, 3]);
      for (const span of [...sent, ...handled]) expect(span.traceId).toBe(request?.traceId);
      for (const { parentSpanId } of sent) expect(parentSpanId).toBe(request?.spanId);
      const parents = handled.map(({ parentSpanId }) => parentSpanId);
      expect(parents.sort()).toEqual(sent.map(({ spanId }) => spanId).sort());
    }
    expect(idsOf(sink.spans({ source: 'sentry' }))).toEqual(idsOf(sink.spans({ source: 'otlp' })));
  });

  it('have in Sentry what its Queues page shows', () => {
    const common = {
      'messaging.system': 'redis',
      'messaging.destination.name': 'jobs',
      'messaging.message.body.size': expect.any(Number),
      'messaging.message.envelope.size': expect.any(Number),
    };
    const sent = sink.spans({ source: 'sentry', name: 'send jobs' });
    const handled = sink.spans({ source: 'sentry', name: 'process jobs' });
    for (const { attributes } of sent)
      expect(attributes).toMatchObject({ ...common, 'sentry.op': 'queue.publish' });
    for (const { attributes } of handled) {
      expect(attributes).toMatchObject({
        ...common,
        'sentry.op': 'queue.process',
        'messaging.message.receive.latency': expect.any(Number),
      });
    }
    const messageIds = (spans: SinkSpan[]) =>
      spans.map(({ attributes }) => attributes['messaging.message.id']).sort();
    expect(messageIds(handled)).toEqual(messageIds(sent));
    expect(new Set(messageIds(sent)).size).toBe(3);
    expect(handled.map(({ status }) => status).sort()).toEqual(['error', 'ok', 'ok']);
  });

  it('keep their tags and users to themselves, and each failure is one error, given back as it was', () => {
    const told = sink.errors().map(({ value = '', tags, raw, handled }) => ({
      value,
      tags: Object.fromEntries(Object.entries(tags).filter(([name]) => name.startsWith('only.'))),
      user: (raw as { user?: { id?: string } }).user?.id, // Sentry's event
      handled,
    }));
    expect(told.toSorted((a, b) => a.value.localeCompare(b.value))).toEqual([
      { value: 'failed', tags: { 'only.fails': 'fails' }, user: 'fails', handled: false },
      { value: 'noticed a', tags: { 'only.a': 'a' }, user: 'a', handled: true },
      { value: 'noticed b', tags: { 'only.b': 'b' }, user: 'b', handled: true },
    ]);
    const handled = sink.spans({ source: 'sentry', name: 'process jobs' });
    const spans = sink.errors().map(({ traceId, spanId }) => `${traceId}-${spanId}`);
    expect(spans.sort()).toEqual(idsOf(handled));
    expect(results.toSorted()).toEqual([false, 'the very same error', true, true]);
  });

  it('carry every header, and when they were sent', () => {
    const sent = idsOf(sink.spans({ source: 'sentry', name: 'send jobs' }));
    const headers = (name: string) => queues.headers.map((message) => message[name]).sort();
    expect(headers('sentry-trace')).toEqual(sent.map((ids) => `${ids}-1`));
    expect(headers('traceparent')).toEqual(sent.map((ids) => `00-${ids}-01`));
    for (const baggage of headers('baggage')) expect(baggage).toContain('sentry-public_key=public');
    for (const enqueued of headers('sentry-task-enqueued-time').map(Number)) {
      expect(enqueued > startedAt && enqueued < Date.now() / 1000).toBe(true);
    }
  });
});

describe.each<ModuleSystem>(['mjs', 'cjs'])('jobs that come in batches, in a .%s application', (type) => {
  it('are handled each in its own trace, and the batch links them all', async () => {
    await using sink = await startSink();
    await using queues = await startQueueServer();
    await run('produceBatch', { sink, queues, type });
    const handled = await run<{ name: string; traceId: string }[]>('consumeBatch', { sink, queues, type });
    expect(sink.invalid).toEqual([]);
    const traceOf = (name: string) => sink.spans({ source: 'otlp', name: `request ${name}` })[0]?.traceId;
    expect(handled).toEqual(['a', 'b', 'fails', 'fails'].map((name) => ({ name, traceId: traceOf(name) })));

    for (const source of ['sentry', 'otlp'] as const) {
      const sent = sink.spans({ source, name: 'send invoices' });
      const processed = sink.spans({ source, name: 'process invoices' });
      const batch = processed.find(({ attributes }) => attributes['messaging.batch.message_count'] === 3);
      expect(batch?.links.map(({ spanId }) => spanId).sort()).toEqual(
        sent.map(({ spanId }) => spanId).sort(),
      );
      expect(batch?.parentSpanId).toBeUndefined();
      const ones = processed.filter(({ links }) => links.some(({ spanId }) => spanId === batch?.spanId));
      expect(ones.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(
        sent.map(({ spanId }) => spanId).sort(),
      );
    }
    const retries = sink
      .spans({ source: 'otlp', traceId: traceOf('fails'), kind: 'consumer' })
      .map(({ attributes }) => attributes['messaging.message.retry.count']);
    expect(new Set(retries)).toEqual(new Set([0, 1]));
    expect(sink.errors().map(({ value, tags, traceId }) => [value, tags.job, traceId])).toEqual([
      ['failed in a batch', 'fails', traceOf('fails')],
    ]);
  });
});

describe('the helpers', () => {
  it('send no errors where that is turned off', async () => {
    await using sink = await startSink();
    await using queues = await startQueueServer();
    const options = { sink, queues, type: 'mjs', env: { OTEL_SENTRY_MESSAGING_ERRORS: 'false' } } as const;
    await run('produce', options);
    await run('consume', options);
    expect(sink.errors({ value: 'failed' })).toEqual([]);
    expect(sink.spans({ source: 'sentry', name: 'process jobs', status: 'error' })).toHaveLength(1);
  });

  it('measure what they do, where metrics are exported', async () => {
    await using sink = await startSink();
    await using queues = await startQueueServer();
    await run('passOn', { sink, queues, type: 'mjs', env: { OTEL_METRICS_EXPORTER: 'otlp' } });
    const measured = sink.metrics.filter(({ name }) => name.startsWith('messaging.'));
    expect(
      measured
        .map(({ name, count, attributes }) => [name, count, attributes['messaging.operation.name']])
        .sort(),
    ).toEqual([
      ['messaging.client.consumed.messages', 1, 'process'],
      ['messaging.client.operation.duration', 1, 'send'],
      ['messaging.client.sent.messages', 1, 'send'],
      ['messaging.process.duration', 1, 'process'],
    ]);
  });

  it("write nothing of Sentry's where only OpenTelemetry runs", async () => {
    await using sink = await startSink();
    await using queues = await startQueueServer();
    const { headers } = await run<PassedOn>('passOn', {
      sink,
      queues,
      type: 'mjs',
      env: { SENTRY_DSN: undefined },
    });
    expect(Object.keys(headers).sort()).toEqual(['shop', 'traceparent']);
    expect(sink.spans().map(({ source }) => source)).toEqual(['otlp', 'otlp']);
  });

  it('pass everything through as it is where no telemetry runs', async () => {
    await using sink = await startSink();
    await using queues = await startQueueServer();
    const passedOn = await run<PassedOn>('passOn', {
      sink,
      queues,
      type: 'cjs',
      env: { OTEL_SDK_DISABLED: 'true' },
    });
    expect(passedOn).toEqual({ headers: { shop: 'berlin' } });
    expect(sink.requests).toEqual([]);
  });
});

interface PassedOn {
  readonly headers: Readonly<Record<string, string>>;
  readonly span?: unknown;
}
