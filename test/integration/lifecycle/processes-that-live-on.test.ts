import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runApp } from '../../support/process.ts';
import { type Sink, startSink } from '../../support/sink/index.ts';
import { withPreload } from './end.ts';

const UNSHARE = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child'];
const canUnshare = spawnSync('unshare', [...UNSHARE, 'true']).status === 0;

let sink: Sink;
beforeEach(async () => {
  sink = await startSink();
});
afterEach(() => sink.close());

const application = (way: string) =>
  withPreload(way, {
    SENTRY_DSN: sink.dsn,
    SENTRY_ENVIRONMENT: 'test',
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });

const arrivedInBoth = (name: string) =>
  sink.waitFor(`the span ${name} in both`, () => sink.spans({ name }).length === 2);
const namesOf = (source: 'sentry' | 'otlp') => sink.spans({ source }).map(({ name }) => name);

// The kernel ignores signals to the first process of a PID namespace that it does not listen for, as to a container's.
test.skipIf(!canUnshare)(
  'the first process of a container outlives SIGTERM and goes on sending',
  async () => {
    const { execArgv = [], ...app } = application('signals to the first process');
    await using first = runApp({
      ...app,
      nodeBinary: 'unshare',
      execArgv: [...UNSHARE, process.execPath, ...execArgv],
    });
    await first.waitForLine(/^alive again$/);
    expect(namesOf('sentry')).toEqual(['work', 'second']); // sent before each of the signals
    expect(namesOf('otlp')).toEqual(['work', 'second']);
    await arrivedInBoth('third');
  },
);

test('a process that a listener for beforeExit gives new work goes on sending', async () => {
  await using app = runApp(application('work without an end that a listener for beforeExit starts'));
  await app.waitForLine(/^ready$/);
  await arrivedInBoth('late');
});
