import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const PRELOAD = join(PROJECT, 'dist', 'register.js');

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

it('two versions of Sentry in one process are told once, with their paths and the mend', async () => {
  await using sink = await startSink();
  await using app = runApp({
    entry: fixture('two.cjs'),
    execArgv: ['--import', PRELOAD],
    env: { SENTRY_DSN: sink.dsn },
  });
  const { stderr } = await app.succeeded();
  expect(stderr).toMatch(
    /^@sentry\/node: two versions run in this process, .* \(got 11\.\S+ at \S+\/node_modules\/@sentry\/core and 10\.78\.0 at \S+\/node_modules\/sentry-core-10, expected one: .*npm dedupe.*\)\n$/,
  );
  expect(sink.errors().map(({ value }) => value)).toEqual(['kept']);
});

it('one version of Sentry is nothing to tell of', async () => {
  await using sink = await startSink();
  await using app = runApp({
    entry: fixture('one.cjs'),
    execArgv: ['--import', PRELOAD],
    env: { SENTRY_DSN: sink.dsn },
  });
  expect((await app.succeeded()).stderr).toBe('');
  expect(sink.errors().map(({ value }) => value)).toEqual(['kept']);
});

it('a Sentry that is too old is told in one line, and the application runs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'too-old-'));
  try {
    const sentry = join(folder, 'node_modules', '@sentry');
    await mkdir(join(sentry, 'node'), { recursive: true });
    await symlink(join(PROJECT, 'node_modules', 'sentry-core-too-old'), join(sentry, 'core'));
    // The refusal comes before anything of it is used.
    await writeFile(join(sentry, 'node', 'index.js'), "module.exports = require('@sentry/core');");
    const entry = join(folder, 'app.cjs');
    await writeFile(entry, "console.log('it runs')");
    await using app = runApp({
      entry,
      cwd: folder,
      execArgv: ['--import', PRELOAD],
      env: { SENTRY_DSN: 'https://public@sentry.example/1' },
    });
    const { stdout, stderr } = await app.succeeded();
    expect(stdout).toBe('it runs\n');
    expect(stderr).toMatch(
      /^@sentry\/node: can't be bridged to, Sentry is off \(got version 10\.73\.0 without isContinuingTrace, expected 10\.74 to 11\)\n$/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
