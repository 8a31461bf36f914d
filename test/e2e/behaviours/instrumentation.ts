/** How a fixture is traced: by this package's preload, or as a shop does it with OpenTelemetry's alone. */

import type { Sink } from '../../support/sink/index.ts';

export type Instrumentation = 'ours' | 'contrib';

/** `contrib` where the environment variable `BEHAVIOURS_OF` says so. */
export const instrumentation: Instrumentation = process.env.BEHAVIOURS_OF === 'contrib' ? 'contrib' : 'ours';

const PRELOADS: Readonly<Record<Instrumentation, string>> = {
  ours: '@acme/otel-sentry/register',
  contrib: '@opentelemetry/auto-instrumentations-node/register',
};

export function preload(): readonly string[] {
  return ['--import', PRELOADS[instrumentation]];
}

export function telemetryEnvironment(sink: Sink): Readonly<Record<string, string>> {
  const common = {
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  };
  return instrumentation === 'ours'
    ? { ...common, SENTRY_DSN: sink.dsn, SENTRY_ENVIRONMENT: 'test', SENTRY_TRACES_SAMPLE_RATE: '1' }
    : {
        ...common,
        OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,amqplib,kafkajs',
        OTEL_NODE_RESOURCE_DETECTORS: 'env', // the others ask cloud metadata addresses
      };
}
