import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';
import { withPreload } from './end.ts';

const UNSHARE = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child'];
const possible = spawnSync('unshare', [...UNSHARE, 'true']).status === 0;

// The kernel ignores signals to the first process of a PID namespace that it does not listen for, as to a container's.
test.skipIf(!possible)('the first process of a container outlives SIGTERM and goes on sending', async () => {
  await using sink = await startSink();
  const {
    nodeBinary: node = process.execPath,
    execArgv = [],
    ...app
  } = withPreload('signals to the first process', {
    SENTRY_DSN: sink.dsn,
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
    SENTRY_ENVIRONMENT: 'test',
  });
  await using first = runApp({ ...app, nodeBinary: 'unshare', execArgv: [...UNSHARE, node, ...execArgv] });
  await first.waitForLine(/^alive$/);
  expect(names(sink.spans({ source: 'sentry' }))).toEqual(['work']);
  await first.waitForLine(/^alive again$/);
  expect(names(sink.spans({ source: 'otlp' }))).toEqual(['work', 'after']);
  expect(names(sink.spans({ source: 'sentry' }))).toEqual(['work', 'after']);
});

const names = (spans: readonly { name: string }[]) => spans.map(({ name }) => name);
