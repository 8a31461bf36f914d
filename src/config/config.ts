import { FOREIGN_FORMATS, type ForeignFormat } from '../../propagators/foreign/index.ts';
import type { HeaderFormat } from '../../propagators/propagator.ts';
import { isDsn, redactDsn } from './dsn.ts';
import { Environment } from './environment.ts';
import { type MessagingConfig, messagingConfig } from './messaging.ts';
import { type PackageInfo, readPackage } from './package-info.ts';
import {
  type BatchConfig,
  batchConfig,
  type LogsConfig,
  logsConfig,
  type MetricsConfig,
  metricsConfig,
  type OtlpProtocol,
  otlpProtocol,
} from './signals.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const TRACE_EXPORTERS = ['otlp', 'console', 'zipkin'] as const;
const TRACE_LIFECYCLES = ['stream', 'static'] as const;

/** Requests that only ask whether the service is alive. */
const HEALTH_PATHS = ['/health', '/healthz', '/ready', '/readiness', '/live', '/livez', '/metrics'];

export interface SentryConfig {
  readonly dsn: string;
  readonly environment: string;
  readonly release: string | undefined;
  /** 0 to 1. */
  readonly tracesSampleRate: number;
  /** `stream`: spans as they end; `static`: transactions, for Sentry servers that know no streamed spans. */
  readonly traceLifecycle: (typeof TRACE_LIFECYCLES)[number];
  /** Whether OTLP gets the traces that Sentry samples and no others. */
  readonly coupled: boolean;
  readonly debug: boolean;
  readonly maxBreadcrumbs: number;
  readonly serviceName: string | undefined;
  /** Tags on every event. */
  readonly tags: Readonly<Record<string, string>>;
  readonly ignoredPaths: readonly string[];
}

export interface OpenTelemetryConfig {
  readonly serviceName: string | undefined;
  readonly sampler: (typeof SAMPLERS)[number];
  /** 0 to 1, for the ratio samplers. */
  readonly samplerRatio: number;
  readonly traceExporters: readonly (typeof TRACE_EXPORTERS)[number][];
  readonly otlpProtocol: OtlpProtocol;
  /** `OTEL_BSP_*`. */
  readonly batch: BatchConfig;
  readonly metrics: MetricsConfig;
  readonly logs: LogsConfig;
  readonly formats: readonly HeaderFormat[];
  /** Formats of other systems, read and written beside ours where OTEL_PROPAGATORS names them. */
  readonly foreignFormats: readonly ForeignFormat[];
}

/** Everything the preload needs to know, with every default filled in. */
export interface Config {
  readonly disabled: boolean;
  readonly sentry: SentryConfig | undefined;
  readonly openTelemetry: OpenTelemetryConfig;
  readonly messaging: MessagingConfig;
  /** How long the end of the process may wait for telemetry, in milliseconds. */
  readonly flushTimeoutMs: number;
}

/**
 * Reads the configuration from the environment. Never throws: what does not fit is left at its default and named in
 * `problems`, one line each.
 */
export function resolveConfig(
  variables: NodeJS.ProcessEnv,
  packageInfo: PackageInfo = readPackage(),
): { readonly config: Config; readonly problems: readonly string[] } {
  const env = new Environment(variables);
  const attributes = resourceAttributes(env);
  const serviceName = env.text('OTEL_SERVICE_NAME') ?? attributes.get('service.name') ?? packageInfo.name;
  const config: Config = {
    disabled: env.boolean('OTEL_SDK_DISABLED'),
    sentry: sentryConfig(env, attributes, serviceName, packageInfo),
    openTelemetry: openTelemetryConfig(env, serviceName),
    messaging: messagingConfig(env),
    flushTimeoutMs: env.number('OTEL_SENTRY_FLUSH_TIMEOUT', { min: 0, max: 60_000, unit: ' ms' }) ?? 2_000,
  };
  return { config, problems: env.problems };
}

function sentryConfig(
  env: Environment,
  attributes: ReadonlyMap<string, string>,
  serviceName: string | undefined,
  packageInfo: PackageInfo,
): SentryConfig | undefined {
  const dsn = env.text('SENTRY_DSN');
  if (dsn === undefined) return undefined;
  if (!isDsn(dsn)) {
    env.problem(
      'SENTRY_DSN',
      'not a DSN, Sentry is off',
      redactDsn(dsn),
      'https://<key>@<host>/<project id>',
    );
    return undefined;
  }
  const environment =
    env.text('SENTRY_ENVIRONMENT') ??
    attributes.get('deployment.environment.name') ??
    attributes.get('deployment.environment') ??
    env.text('NODE_ENV') ??
    'production';
  const version = attributes.get('service.version') ?? packageInfo.version;
  const team = attributes.get('team') ?? attributes.get('service.team');
  return {
    dsn,
    environment,
    release: env.text('SENTRY_RELEASE') ?? (serviceName && version ? `${serviceName}@${version}` : undefined),
    tracesSampleRate:
      env.number('SENTRY_TRACES_SAMPLE_RATE', { min: 0, max: 1 }) ?? (environment === 'production' ? 0.1 : 1),
    coupled: env.oneOf('OTEL_SENTRY_SAMPLING', ['decoupled', 'coupled']) === 'coupled',
    traceLifecycle: env.oneOf('OTEL_SENTRY_TRACE_LIFECYCLE', TRACE_LIFECYCLES) ?? 'stream',
    debug: env.boolean('SENTRY_DEBUG'),
    maxBreadcrumbs: 50,
    serviceName,
    tags: { ...(serviceName && { service: serviceName }), ...(team && { team }) },
    ignoredPaths: HEALTH_PATHS,
  };
}

function openTelemetryConfig(env: Environment, serviceName: string | undefined): OpenTelemetryConfig {
  const propagators = env.list('OTEL_PROPAGATORS');
  const commonProtocol = otlpProtocol(env, 'OTEL_EXPORTER_OTLP_PROTOCOL');
  return {
    serviceName,
    sampler: env.oneOf('OTEL_TRACES_SAMPLER', SAMPLERS) ?? 'parentbased_always_on',
    samplerRatio: env.number('OTEL_TRACES_SAMPLER_ARG', { min: 0, max: 1 }) ?? 1,
    traceExporters: traceExporters(env),
    otlpProtocol:
      otlpProtocol(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? commonProtocol ?? 'http/protobuf',
    batch: batchConfig(env, 'OTEL_BSP'),
    metrics: metricsConfig(env, commonProtocol),
    logs: logsConfig(env, commonProtocol),
    formats: headerFormats(propagators),
    foreignFormats: foreignFormats(env, propagators),
  };
}

/** Nothing is sent to OpenTelemetry's default, localhost, unless a variable asks for OTLP. */
function traceExporters(env: Environment): OpenTelemetryConfig['traceExporters'] {
  const named = env.list('OTEL_TRACES_EXPORTER');
  if (named === undefined || named.length === 0) {
    return env.anySet('OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_') ? ['otlp'] : [];
  }
  return [...new Set(named)].flatMap((name) => {
    if (name === 'none') return [];
    const known = TRACE_EXPORTERS.find((exporter) => exporter === name);
    if (known === undefined)
      env.problem('OTEL_TRACES_EXPORTER', 'unknown exporter', name, `${TRACE_EXPORTERS.join(', ')} or none`);
    return known ?? [];
  });
}

const OWN_FORMATS: readonly HeaderFormat[] = ['tracecontext', 'sentry', 'baggage'];

/**
 * The formats to read and write, first one wins. `sentry` joins a list that does not name it, in the last place: most
 * lists were written before Sentry came, and must go on meaning what they meant.
 */
function headerFormats(propagators: readonly string[] | undefined): readonly HeaderFormat[] {
  if (propagators === undefined || propagators.length === 0) return OWN_FORMATS;
  if (propagators.includes('none')) return [];
  const named = OWN_FORMATS.filter((format) => propagators.includes(format)).sort(
    (a, b) => propagators.indexOf(a) - propagators.indexOf(b),
  );
  return named.includes('sentry') ? named : [...named, 'sentry'];
}

function foreignFormats(
  env: Environment,
  propagators: readonly string[] = [],
): OpenTelemetryConfig['foreignFormats'] {
  if (propagators.includes('none')) return [];
  return propagators.flatMap((name) => {
    const foreign = FOREIGN_FORMATS.find((format) => format === name);
    if (foreign === undefined && !OWN_FORMATS.some((format) => format === name)) {
      env.problem(
        'OTEL_PROPAGATORS',
        'unknown propagator',
        name,
        [...OWN_FORMATS, ...FOREIGN_FORMATS, 'none'].join(', '),
      );
    }
    return foreign ?? [];
  });
}

/** `OTEL_RESOURCE_ATTRIBUTES`: `key=value,key=value`, percent-encoded values. */
function resourceAttributes(env: Environment): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const pair of env.text('OTEL_RESOURCE_ATTRIBUTES')?.split(',') ?? []) {
    const equals = pair.indexOf('=');
    if (equals > 0) attributes.set(pair.slice(0, equals).trim(), decode(pair.slice(equals + 1).trim()));
  }
  return attributes;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // OpenTelemetry's own detector reports the malformed value; here it is taken as it stands.
    return value;
  }
}
