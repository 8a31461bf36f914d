/** Services of three kinds, each as head and as tail of a chain, with a sink as both backends. */

import { fileURLToPath } from 'node:url';
import { type RunningApp, runApp } from '../../support/process.ts';
import { type Backend, type Sink, startSink } from '../../support/sink/index.ts';

/** Ours with two decisions; ours with one for both backends; Sentry's SDK without OpenTelemetry. */
export const KINDS = ['decoupled', 'coupled', 'Sentry alone'] as const;
export type Kind = (typeof KINDS)[number];

/** The services of a chain; their requests are told by path. */
export type Place = 'head' | 'tail';

export interface Chain extends AsyncDisposable {
  /** Sends that many requests through two services. @returns their traces. */
  trace(head: Kind, tail: Kind, count: number): Promise<ReadonlySet<string>>;
  /** Ends the services, so that all they had to send has arrived. */
  stop(): Promise<void>;
  /** Of these traces, those of which a backend has the server span at that place. */
  arrived(traces: ReadonlySet<string>, backend: Backend, place: Place): ReadonlySet<string>;
  readonly sink: Sink;
}

const AT_ONCE = 20;

const file = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

export async function startChain(sampleRate: number, env: Record<string, string> = {}): Promise<Chain> {
  const sink = await startSink();
  const apps = new Map<string, { app: RunningApp; url: string }>();
  const start = async (kind: Kind, place: Place) => {
    const app = runApp({
      entry: file('service.cjs'),
      execArgv:
        kind === 'Sentry alone'
          ? ['--require', file('sentry-alone.cjs')]
          : ['--import', '@acme/otel-sentry/register'],
      env: {
        SENTRY_DSN: sink.dsn,
        SENTRY_TRACES_SAMPLE_RATE: String(sampleRate),
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
        OTEL_SERVICE_NAME: `${kind} ${place}`,
        ...(kind === 'coupled' && { OTEL_SENTRY_SAMPLING: 'coupled' }),
        ...env,
      },
    });
    apps.set(`${kind} ${place}`, { app, url: `http://127.0.0.1:${await app.ready()}/${place}` });
  };
  const urlOf = (kind: Kind, place: Place) => apps.get(`${kind} ${place}`)?.url ?? '';
  const places: readonly Place[] = ['head', 'tail'];
  await Promise.all(KINDS.flatMap((kind) => places.map((place) => start(kind, place))));

  return {
    sink,
    async trace(head, tail, count) {
      const url = `${urlOf(head, 'head')}?next=${encodeURIComponent(urlOf(tail, 'tail'))}`;
      const traces = new Set<string>();
      let left = count;
      const worker = async () => {
        while (left-- > 0) {
          const sentryTrace = await (await fetch(url)).text();
          traces.add(sentryTrace.slice(0, 32));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      return traces;
    },
    async stop() {
      await Promise.all(
        [...apps.values()].map(async ({ app }) => {
          app.kill('SIGTERM');
          await app.succeeded();
        }),
      );
    },
    arrived(traces, backend, place) {
      const ofPlace = sink
        .spans({ source: backend, kind: 'server' })
        .filter(
          ({ name, attributes }) => name.includes(`/${place}`) || attributes['url.path'] === `/${place}`,
        )
        .map(({ traceId }) => traceId);
      return new Set(ofPlace.filter((traceId) => traces.has(traceId)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...apps.values()].map(({ app }) => app[Symbol.asyncDispose]()));
      await sink[Symbol.asyncDispose]();
    },
  };
}
