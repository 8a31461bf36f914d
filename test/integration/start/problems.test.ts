import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { nodeBinary } from '../../support/nodes.ts';
import { type Exit, runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';

const entry = fileURLToPath(new URL('./fixtures/server.mjs', import.meta.url));
const worker = fileURLToPath(new URL('./fixtures/worker.mjs', import.meta.url));
const service = fileURLToPath(new URL('../bridge/fixtures/service.mjs', import.meta.url));
const preload = fileURLToPath(new URL('../../../dist/register.js', import.meta.url));

async function serve(
  env: Record<string, string>,
  options: { nodeBinary?: string; execArgv?: string[] } = {},
): Promise<Exit> {
  await using app = runApp({ entry, execArgv: ['--import', preload], env, ...options });
  return await app.exited;
}

/** A port of this machine that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** What a service that goes on serving says of its DSN; a process that ends says nothing. */
async function firstLineWhileServing(dsn: string): Promise<string> {
  const env = { SENTRY_DSN: dsn, SENTRY_TRACES_SAMPLE_RATE: '1' };
  await using app = runApp({ entry: service, execArgv: ['--import', preload], env });
  const url = `http://127.0.0.1:${await app.ready()}/headers`;
  expect((await fetch(url)).status).toBe(200);
  const [line] = await app.waitForLine(/^SENTRY_DSN: .*/);
  expect((await fetch(url)).status).toBe(200);
  expect(app.stderr).toBe(`${line}\n`);
  return line;
}

function expectServed(exit: Exit): void {
  expect(exit).toMatchObject({ code: 0, signal: null, stdout: 'served 200 inner\n' });
}

describe('the preload says in one line what is wrong, and the application serves', () => {
  it('a malformed DSN, without its key', async () => {
    const exit = await serve({ SENTRY_DSN: 'https://abcdef0123456789@example.com' });
    expectServed(exit);
    expect(exit.stderr).toBe(
      'SENTRY_DSN: not a DSN, Sentry is off (got "https://***@example.com", expected https://<key>@<host>/<project id>)\n',
    );
  });

  it('nothing configured', async () => {
    const exit = await serve({});
    expectServed(exit);
    expect(exit.stderr).toBe(
      'SENTRY_DSN: not set, telemetry is off (got nothing, expected a DSN, or OTEL_EXPORTER_OTLP_ENDPOINT)\n',
    );
  });

  it('a Sentry that cannot be reached', async () => {
    const port = await closedPort();
    const line = await firstLineWhileServing(`http://key@127.0.0.1:${port}/1`);
    expect(line).toBe(
      `SENTRY_DSN: Sentry can't be reached (got ECONNREFUSED, expected an answer from 127.0.0.1:${port})`,
    );
  });

  it('a Sentry that knows no such project', async () => {
    await using sink = await startSink({ mode: { status: 403 } });
    const line = await firstLineWhileServing(sink.dsn);
    expect(line).toBe(
      `SENTRY_DSN: refused by Sentry (got HTTP 403 from 127.0.0.1:${sink.port}, expected the DSN of a project there)`,
    );
  });

  it('a Node that is too old', async () => {
    const exit = await serve(
      { SENTRY_DSN: 'http://key@127.0.0.1:9/1' },
      { nodeBinary: await nodeBinary(20) },
    );
    expectServed(exit);
    expect(exit.stderr).toMatch(
      /^Node\.js: too old, telemetry is off \(got 20\.\d+\.\d+, expected 22\.15\.0 or newer\)\n$/,
    );
  });

  it('nothing where all is well, also when loaded twice', async () => {
    await using sink = await startSink();
    const env = { SENTRY_DSN: sink.dsn, SENTRY_TRACES_SAMPLE_RATE: '1' };
    const exit = await serve(env, { execArgv: ['--import', preload, '--import', `${preload}?again`] });
    expectServed(exit);
    expect(exit.stderr).toBe('');
    expect(sink.spans({ kind: 'server' })).toHaveLength(2);
    expect(sink.invalid).toEqual([]);
  });

  it('nothing in a worker thread, which inherits the preload and runs without telemetry', async () => {
    await using sink = await startSink();
    const env = { SENTRY_DSN: sink.dsn, SENTRY_TRACES_SAMPLE_RATE: '1' };
    await using app = runApp({ entry: worker, execArgv: ['--import', preload], env });
    const exit = await app.succeeded();
    expect(exit).toMatchObject({ stdout: 'worker untraced\n', stderr: '' });
    expect(sink.spans().map(({ kind }) => kind)).toEqual(['server']);
  });

  it('nothing, and does nothing, with OTEL_SDK_DISABLED', async () => {
    await using sink = await startSink();
    const exit = await serve({ SENTRY_DSN: sink.dsn, OTEL_SDK_DISABLED: 'true' });
    expectServed(exit);
    expect(exit.stderr).toBe('');
    expect(sink.requests).toHaveLength(0);
  });
});

describe('what is sent where', () => {
  it('with a DSN alone, nothing goes to the OTLP port of localhost', async () => {
    await using sink = await startSink();
    await using local = await startSink({ port: 4318 });
    expectServed(await serve({ SENTRY_DSN: sink.dsn, SENTRY_TRACES_SAMPLE_RATE: '1' }));
    expect(sink.spans().length).toBeGreaterThan(0);
    expect(local.requests).toHaveLength(0);
  });

  it('with OTLP alone, Sentry is not even loaded', async () => {
    await using sink = await startSink();
    const exit = await serve({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint, OTEL_SERVICE_NAME: 'plain' });
    expectServed(exit);
    expect(exit.stderr).toBe('');
    expect(sink.spans({ source: 'otlp', service: 'plain' }).length).toBeGreaterThan(0);
    expect(sink.spans({ source: 'sentry' })).toEqual([]);
  });
});
