import { inject } from 'vitest';
import { runApp } from '../../support/process.ts';
import { CHECKOUT } from '../../support/project.ts';
import { type Sink, startSink } from '../../support/sink/index.ts';

/** Where the fixtures run: in a generation's project where vitest.config.ts chose one. */
export const PROJECT = inject('generation')?.project ?? CHECKOUT;

export interface Service extends AsyncDisposable {
  readonly sink: Sink;
  get(path: string, headers?: Record<string, string>): Promise<Record<string, unknown>>;
  /** Ends the service, so that everything it had to send has arrived. */
  stop(): Promise<void>;
}

export interface ServiceOptions {
  readonly sampleRate: number;
  readonly otlp: boolean;
  readonly env?: Record<string, string>;
}

/** The fixture service under the preload, configured by environment alone, with a sink as both backends. */
export async function startService({ sampleRate, otlp, env = {} }: ServiceOptions): Promise<Service> {
  const sink = await startSink();
  const app = runApp({
    entry: 'test/integration/bridge/fixtures/service.mjs',
    cwd: PROJECT.folder,
    execArgv: PROJECT.execArgv,
    env: {
      SENTRY_DSN: sink.dsn,
      SENTRY_TRACES_SAMPLE_RATE: String(sampleRate),
      OTEL_SERVICE_NAME: 'shop',
      ...(otlp && {
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
      }),
      ...env,
    },
  });
  const port = await app.ready();
  return {
    sink,
    async get(path, headers = {}) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      const body = await response.text();
      return body.startsWith('{') ? JSON.parse(body) : {};
    },
    async stop() {
      app.kill('SIGTERM');
      await app.succeeded();
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await sink[Symbol.asyncDispose]();
    },
  };
}
