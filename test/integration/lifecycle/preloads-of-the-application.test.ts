import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';
import { withPreload } from './end.ts';

test('what the application preloads runs once, not again in the thread that sends the rest', async () => {
  const shout = fileURLToPath(new URL('./fixtures/shout.mjs', import.meta.url));
  await using sink = await startSink();
  const app = withPreload('process.exit', {
    SENTRY_DSN: sink.dsn,
    SENTRY_ENVIRONMENT: 'test',
    NODE_OPTIONS: `--import ${shout} --require ${fileURLToPath(new URL('./fixtures/shout.cjs', import.meta.url))}`,
  });
  await using running = runApp(app);
  const { stdout, stderr } = await running.exited;
  expect(stdout.split('\n').sort()).toEqual(['', 'preloaded by --import', 'preloaded by --require']);
  expect(stderr).toBe('');
  expect(sink.spans({ name: 'work' })).toHaveLength(1);
});
