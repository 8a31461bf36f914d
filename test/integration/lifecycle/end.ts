import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type Exit, type RunOptions, runApp } from '../../support/process.ts';
import { type Sink, startSink } from '../../support/sink/index.ts';
import type { WayToEnd } from './ways-to-end.ts';

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const APP = fileOf('./fixtures/app.mjs');
const PRELOAD = fileOf('../../../dist/register.js');

export type Backend = 'answers' | 'refuses' | 'hangs';

export interface EndOptions {
  readonly backend: Backend;
  readonly signal?: NodeJS.Signals;
  readonly nodeBinary?: string;
  /** Milliseconds by which telemetry may delay the end. */
  readonly budgetMs: number;
}

/** A port on which nothing listens: the lowest, which needs privileges and is none of the usual services. */
const CLOSED_PORT = 1;
/** What loading the preload takes, on a machine that is busy with other tests. */
const START_MS = 5_000;

/** Runs the application twice, without and with the preload, and compares what anybody can see from outside. */
export async function expectSameEnd(way: WayToEnd, options: EndOptions): Promise<Sink> {
  const sink = await startSink({ mode: options.backend === 'hangs' ? 'hang' : 'answer' });
  const port = options.backend === 'refuses' ? CLOSED_PORT : sink.port;
  const { nodeBinary = process.execPath } = options;
  const preloaded = withPreload(way.name, {
    SENTRY_DSN: `http://public@127.0.0.1:${port}/1`,
    SENTRY_ENVIRONMENT: 'test', // every trace is sampled
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_SENTRY_FLUSH_TIMEOUT: String(options.budgetMs),
  });
  const [without, withUs] = await Promise.all([
    end({ entry: APP, args: [way.name], nodeBinary }, options),
    end({ ...preloaded, nodeBinary }, options),
  ]);
  expect(visible(withUs, way, options)).toEqual(visible(without, way, options));
  expect(withUs.durationMs).toBeLessThan(without.durationMs + options.budgetMs + START_MS);
  return sink;
}

/** The application under the preload, to end in the way of that name. */
export function withPreload(wayToEnd: string, env: NonNullable<RunOptions['env']>): RunOptions {
  return { entry: APP, args: [wayToEnd], execArgv: ['--import', PRELOAD], env };
}

async function end(run: RunOptions, { signal }: EndOptions): Promise<Exit> {
  await using app = runApp(run);
  if (signal !== undefined) {
    await app.waitForLine(/^ready$/);
    app.kill(signal);
  }
  return await app.exited;
}

function visible({ code, signal, stdout, stderr }: Exit, way: WayToEnd, { nodeBinary }: EndOptions) {
  // Node 22 shows a frame of its own in stacks as soon as anything uses AsyncLocalStorage.
  const printsOwnFrames = way.printsNodeFrames || nodeBinary !== undefined;
  return {
    code,
    signal,
    stdout,
    stderr: printsOwnFrames ? stderr.replace(/^ +at .*\(node:.*\n/gm, '') : stderr,
  };
}

/** Everything once, in Sentry and in OTLP, and the error on its span's trace. */
export function expectArrived(sink: Sink, { spans = [], error }: WayToEnd): void {
  const names = ['work', ...spans].sort();
  for (const source of ['sentry', 'otlp'] as const) {
    expect(
      sink
        .spans({ source })
        .map(({ name }) => name)
        .sort(),
      source,
    ).toEqual(names);
  }
  expect(sink.invalid).toEqual([]);

  if (error === undefined) expect(sink.errors()).toEqual([]);
  else {
    const arrived = sink.errors().filter(({ value }) => value?.includes(error.message));
    expect(arrived).toMatchObject([{ level: error.level, handled: false }]);
    const [span] = sink.spans({ source: 'sentry', name: error.inSpan ?? '' });
    if (error.inSpan) expect(arrived[0]).toMatchObject({ traceId: span?.traceId, spanId: span?.spanId });
  }
}
