import { fileURLToPath } from 'node:url';

/** The same process with another preload. */
export interface Contender {
  readonly name: string;
  /** Node's own options. */
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The folder of the sink that its telemetry goes to; undefined: it has none. */
  readonly folder: string | undefined;
  /** Whose API makes the spans of the requests that send the messages. */
  readonly tracedBy: 'opentelemetry' | 'sentry' | undefined;
}

/** What is not about messages stays off; the queue is long enough that no span is dropped instead of exported. */
const OPENTELEMETRY = {
  OTEL_SERVICE_NAME: 'bench',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_NODE_RESOURCE_DETECTORS: 'env',
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,amqplib,kafkajs',
  OTEL_BSP_MAX_QUEUE_SIZE: '100000',
};

const OURS = ['--import', '@acme/otel-sentry/register'];

/** The uninstrumented one first. @param sinkUrl where telemetry goes, in a folder for each contender. */
export function contenders(sinkUrl: string): readonly Contender[] {
  const otlp = (folder: string) => ({
    ...OPENTELEMETRY,
    OTEL_EXPORTER_OTLP_ENDPOINT: `${sinkUrl}/${folder}`,
  });
  const sentry = (folder: string) => ({
    SENTRY_DSN: `${sinkUrl.replace('//', '//key@')}/${folder}/1`,
    SENTRY_TRACES_SAMPLE_RATE: '1',
  });
  return [
    { name: 'uninstrumented', execArgv: [], env: {}, folder: undefined, tracedBy: undefined },
    {
      name: "OpenTelemetry's, OTLP",
      execArgv: ['--import', '@opentelemetry/auto-instrumentations-node/register'],
      env: otlp('contrib'),
      folder: 'contrib',
      tracedBy: 'opentelemetry',
    },
    { name: 'ours, OTLP', execArgv: OURS, env: otlp('ours'), folder: 'ours', tracedBy: 'opentelemetry' },
    {
      name: 'ours, Sentry',
      execArgv: OURS,
      env: { ...OPENTELEMETRY, ...sentry('ours-sentry') },
      folder: 'ours-sentry',
      tracedBy: 'opentelemetry',
    },
    {
      name: 'ours, Sentry and OTLP',
      execArgv: OURS,
      env: { ...otlp('both'), ...sentry('both') },
      folder: 'both',
      tracedBy: 'opentelemetry',
    },
    {
      name: '@sentry/node alone',
      execArgv: ['--import', fileURLToPath(new URL('./sentry-alone.ts', import.meta.url))],
      env: sentry('sentry'),
      folder: 'sentry',
      tracedBy: 'sentry',
    },
  ];
}
