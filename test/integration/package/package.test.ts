import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../..', import.meta.url));

const APP = `
import express from 'express';
const app = express();
app.get('/hello/:name', (request, response) => response.send('hello ' + request.params.name));
const server = app.listen(0, '127.0.0.1', async () => {
  const response = await fetch('http://127.0.0.1:' + server.address().port + '/hello/you');
  console.log(await response.text());
  server.close();
  server.closeAllConnections();
});
`;

/** What a user does: an empty project, two packages and ours. */
describe('the packed package in an empty project', () => {
  let project: string;

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'otel-sentry-package-'));
    const npm = (...args: string[]) => run('npm', args, { cwd: project });
    const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], {
      cwd: repository,
    });
    const [tarball] = [JSON.parse(packed.stdout)].flat();
    await writeFile(
      join(project, 'package.json'),
      JSON.stringify({ name: 'hello', version: '0.0.1', type: 'module' }),
    );
    await writeFile(join(project, 'app.js'), APP);
    const { devDependencies } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'));
    await npm(
      'install',
      '--no-audit',
      '--no-fund',
      join(project, tarball.filename),
      `@sentry/node@${devDependencies['@sentry/node']}`,
      `express@${devDependencies.express}`,
    );
  });
  afterAll(() => rm(project, { recursive: true, force: true }));

  it('traces Express with --import and a DSN, and nothing else', async () => {
    await using sink = await startSink();
    await using app = runApp({
      entry: 'app.js',
      execArgv: ['--import', '@acme/otel-sentry/register'],
      cwd: project,
      env: { SENTRY_DSN: sink.dsn, SENTRY_TRACES_SAMPLE_RATE: '1' },
    });
    const exit = await app.succeeded();
    expect(exit.stdout).toBe('hello you\n');
    expect(exit.stderr).toBe('');
    expect(sink.invalid).toEqual([]);
    const [server] = sink.spans({ name: 'GET /hello/:name', service: 'hello' });
    const [client] = sink.spans({ kind: 'client' });
    expect(server?.parentSpanId).toBe(client?.spanId);
    expect(server?.attributes['sentry.release']).toBe('hello@0.0.1');
  });

  it('says in one line that @sentry/node is missing, and serves', async () => {
    await rm(join(project, 'node_modules/@sentry/node'), { recursive: true });
    await using app = runApp({
      entry: 'app.js',
      execArgv: ['--import', '@acme/otel-sentry/register'],
      cwd: project,
      env: { SENTRY_DSN: 'http://key@127.0.0.1:9/1' },
    });
    const exit = await app.succeeded();
    expect(exit.stdout).toBe('hello you\n');
    expect(exit.stderr).toBe(
      '@sentry/node: not installed, Sentry is off (got nothing, expected version 10.74 or newer: npm install @sentry/node)\n',
    );
  });
});
