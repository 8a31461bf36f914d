import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';
import { withPreload } from './end.ts';

const PRELOADED = fileURLToPath(new URL('./fixtures/preloaded.cjs', import.meta.url));

test.each([
  ['by an option', { execArgv: ['--require', PRELOADED], env: {} }],
  ['by NODE_OPTIONS', { execArgv: [], env: { NODE_OPTIONS: `--require ${PRELOADED}` } }],
])('what the application preloads %s does not run in the thread that sends the rest', async (_, more) => {
  await using sink = await startSink();
  const {
    execArgv = [],
    env,
    ...app
  } = withPreload('process.exit', {
    SENTRY_DSN: sink.dsn,
    SENTRY_ENVIRONMENT: 'test',
  });
  await using running = runApp({
    ...app,
    execArgv: [...execArgv, ...more.execArgv],
    env: { ...env, ...more.env },
  });
  expect(await running.exited).toMatchObject({ stdout: 'preloaded\n', stderr: '' });
  expect(sink.spans({ name: 'work' })).toHaveLength(1);
});
