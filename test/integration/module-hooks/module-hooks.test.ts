import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type NodeMajor, nodeBinary } from '../../support/nodes.ts';
import { type RunOptions, runApp } from '../../support/process.ts';
import { type SinkSpan, startSink } from '../../support/sink/index.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const preload = fileURLToPath(new URL('../../../dist/register.js', import.meta.url));

const APPLICATIONS = {
  'named imports': 'named.mjs',
  'default imports': 'default.mjs',
  'namespace imports': 'namespace.mjs',
  'dynamic imports': 'dynamic.mjs',
  require: 'required.cjs',
  'TypeScript by type stripping': 'stripped.ts',
};
const MAJORS: readonly NodeMajor[] = [22, 24, 26];

interface Run {
  readonly spans: readonly SinkSpan[];
  readonly stderr: string;
}

/** Runs a fixture, which asks its own Express route once, to its end. */
async function run(entry: string, options: Omit<RunOptions, 'entry'>): Promise<Run> {
  await using sink = await startSink();
  await using app = runApp({
    ...options,
    entry: fixture(entry),
    env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${sink.otlpEndpoint}/v1/traces`, ...options.env },
  });
  const { stdout, stderr } = await app.succeeded();
  expect(stdout).toBe('did 7\n');
  return { spans: sink.spans(), stderr };
}

/** Client, server and route handler, each below the other, once. */
function expectOneTrace(spans: readonly SinkSpan[]): void {
  const client = spans.find(({ kind }) => kind === 'client');
  const server = spans.find(({ kind }) => kind === 'server');
  const handler = spans.find(({ attributes }) => attributes['express.type'] === 'request_handler');
  expect(spans).toHaveLength(3);
  expect(client?.parentSpanId).toBeUndefined();
  expect(server).toMatchObject({ name: 'GET /work/:id', parentSpanId: client?.spanId });
  expect(handler).toMatchObject({ parentSpanId: server?.spanId, traceId: client?.traceId });
}

describe.each(MAJORS)('Node %i', (major) => {
  describe.each(['--import', '--require'])('%s', (flag) => {
    it.each(Object.entries(APPLICATIONS))('instruments an application with %s', async (_name, entry) => {
      const { spans, stderr } = await run(entry, {
        nodeBinary: await nodeBinary(major),
        execArgv: [flag, preload],
      });
      expectOneTrace(spans);
      expect(stderr).toBe('');
    });
  });
});

it('works from NODE_OPTIONS', async () => {
  const { spans, stderr } = await run('named.mjs', { env: { NODE_OPTIONS: `--import ${preload}` } });
  expectOneTrace(spans);
  expect(stderr).toBe('');
});

it.each(Object.entries(APPLICATIONS))(
  'instruments %s of node:http where another preload imported it first',
  async (_name, entry) => {
    const { spans } = await run(entry, {
      execArgv: ['--import', fixture('http-first.mjs'), '--import', preload],
    });
    expectOneTrace(spans);
  },
);

describe("an application's own ES modules", () => {
  it('keep their live bindings, as nothing but instrumented packages is wrapped', async () => {
    await using app = runApp({
      entry: fixture('live-binding.mjs'),
      execArgv: ['--import', preload],
      env: { OTEL_TRACES_EXPORTER: 'console' },
    });
    expect((await app.succeeded()).stdout).toBe('logger is a function\n');
  });
});

describe('where hooks of import-in-the-middle are registered already', () => {
  it.each(['hook-on-its-thread.mjs', 'synchronous-hook.mjs'])(
    'by %s, there are no second ones',
    async (hook) => {
      const { spans, stderr } = await run('named.mjs', {
        execArgv: ['--no-deprecation', '--import', fixture(hook), '--import', preload],
      });
      expectOneTrace(spans);
      expect(stderr).toMatch(/^Node\.js: other hooks of import-in-the-middle are registered, .+\n$/);
    },
  );
});
