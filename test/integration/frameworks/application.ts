/** Runs one of the applications in `fixtures/` and tells what it answered, what it printed and what both backends got. */

import { fileURLToPath } from 'node:url';
import { runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';

export interface Answer {
  readonly path: string;
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
}

/** An error in Sentry; in which order they arrive is chance, so they are sorted by their route. */
export interface ErrorEvent {
  readonly id: string;
  readonly transaction: string | undefined;
  readonly message: string | undefined;
  readonly mechanism: unknown;
  readonly handled: boolean | undefined;
  readonly traceId: string | undefined;
}

/** A span of the http server, as OTLP has it. */
export interface ServerSpan {
  readonly name: string;
  readonly route: unknown;
  readonly traceId: string;
}

export interface Outcome {
  readonly answers: readonly Answer[];
  readonly events: readonly ErrorEvent[];
  readonly spans: readonly ServerSpan[];
  /** What the application's own error handler got. */
  readonly caught: readonly { readonly message: string; readonly same: boolean }[];
  /** Without the lines of stack traces: wrapped functions show there. */
  readonly stderr: readonly string[];
}

export interface RunOptions {
  /** How many errors Sentry has to have before the application is ended; more may arrive after that. Default: none. */
  readonly events?: number;
  /** Which error handler the application installs. */
  readonly handler?: 'own' | 'sentry';
  /**
   * `none`: the application as it is. `disabled` and `failing`: the instrumentations alone, disabled before the
   * application starts or with a reporter that throws.
   */
  readonly telemetry?: 'none' | 'disabled' | 'failing';
}

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** @param entry a file in `fixtures/`. */
export async function request(
  entry: string,
  paths: readonly string[],
  { events = 0, handler, telemetry }: RunOptions = {},
): Promise<Outcome> {
  await using sink = await startSink();
  const preload = telemetry === undefined ? '@acme/otel-sentry/register' : fixture('instrumentations.ts');
  await using app = runApp({
    entry: fixture(entry),
    execArgv: telemetry === 'none' ? [] : ['--import', preload],
    env: {
      NODE_ENV: 'production', // Express puts the stack into its answer otherwise
      HANDLER: handler,
      TELEMETRY: telemetry,
      SENTRY_DSN: sink.dsn,
      SENTRY_TRACES_SAMPLE_RATE: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    },
  });
  const port = await app.ready();
  const answers: Answer[] = [];
  for (const path of paths) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const type = response.headers.get('content-type');
    answers.push({ path, status: response.status, type, body: await response.text() });
  }
  await sink.waitFor(`${events} errors`, ({ errors }) => errors().length >= events);
  app.kill('SIGTERM'); // after which the spans have arrived
  const { stdout, stderr } = await app.exited;
  return {
    answers,
    events: sink
      .errors()
      .map(({ eventId, transaction, value, handled, traceId, raw }) => ({
        id: eventId,
        transaction,
        message: value,
        mechanism: mechanismIn(raw),
        handled,
        traceId,
      }))
      .sort((a, b) => String(a.transaction).localeCompare(String(b.transaction))),
    spans: sink
      .spans({ source: 'otlp', kind: 'server' })
      .map(({ name, attributes, traceId }) => ({ name, route: attributes['http.route'], traceId })),
    caught: stdout
      .split('\n')
      .filter((line) => line.startsWith('{"caught"'))
      .map((line) => JSON.parse(line).caught),
    stderr: stderr.split('\n').filter((line) => !/^\s+at /.test(line)),
  };
}

/** @param event as Sentry gets it: https://develop.sentry.dev/sdk/data-model/event-payloads/exception/ */
function mechanismIn(event: unknown): unknown {
  const { exception } = event as { exception?: { values?: { mechanism?: { type?: unknown } }[] } };
  return exception?.values?.at(-1)?.mechanism?.type;
}
