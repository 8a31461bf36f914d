/** Where metrics and logs go; spans have more to choose from, see config.ts. */

import type { Environment } from './environment.ts';

const OTLP_PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;
const TEMPORALITIES = ['cumulative', 'delta', 'lowmemory'] as const;

export type OtlpProtocol = (typeof OTLP_PROTOCOLS)[number];
type OtlpHttpProtocol = Exclude<OtlpProtocol, 'grpc'>;

/** What is absent stays at OpenTelemetry's default. */
export interface BatchConfig {
  readonly maxQueueSize?: number;
  readonly maxExportBatchSize?: number;
  readonly scheduledDelayMillis?: number;
  readonly exportTimeoutMillis?: number;
}

/** What only the environment says of a signal that is not spans. */
interface SignalConfig<Otlp> {
  /** As `OTEL_METRICS_EXPORTER` or `OTEL_LOGS_EXPORTER` names them; none: the signal goes nowhere. */
  readonly exporters: readonly string[];
  /** Where OTLP over HTTP is the only exporter: its options. */
  readonly otlpHttp: Otlp | undefined;
}

export type MetricsConfig = SignalConfig<{
  readonly protocol: OtlpHttpProtocol;
  readonly temporality: (typeof TEMPORALITIES)[number];
  readonly intervalMillis: number;
  readonly timeoutMillis: number;
}>;

export type LogsConfig = SignalConfig<{
  readonly protocol: OtlpHttpProtocol;
  readonly batch: BatchConfig;
}>;

/** @param common what `OTEL_EXPORTER_OTLP_PROTOCOL` says. */
export function metricsConfig(env: Environment, common: OtlpProtocol | undefined): MetricsConfig {
  const exporters = exportersOf(env, 'METRICS');
  const protocol = otlpHttpAlone(env, 'METRICS', exporters, common);
  const intervalMillis = milliseconds(env, 'OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000;
  const timeoutMillis = milliseconds(env, 'OTEL_METRIC_EXPORT_TIMEOUT') ?? 30_000;
  const preference = 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE';
  return {
    exporters,
    otlpHttp: protocol && {
      protocol,
      temporality: env.oneOf(preference, TEMPORALITIES) ?? 'cumulative',
      intervalMillis,
      timeoutMillis: Math.min(timeoutMillis, intervalMillis),
    },
  };
}

/** @param common what `OTEL_EXPORTER_OTLP_PROTOCOL` says. */
export function logsConfig(env: Environment, common: OtlpProtocol | undefined): LogsConfig {
  const exporters = exportersOf(env, 'LOGS');
  const protocol = otlpHttpAlone(env, 'LOGS', exporters, common);
  return { exporters, otlpHttp: protocol && { protocol, batch: batchConfig(env, 'OTEL_BLRP') } };
}

export function otlpProtocol(env: Environment, variable: string): OtlpProtocol | undefined {
  return env.oneOf(variable, OTLP_PROTOCOLS);
}

/** `OTEL_BSP_*` or `OTEL_BLRP_*`. */
export function batchConfig(env: Environment, prefix: 'OTEL_BSP' | 'OTEL_BLRP'): BatchConfig {
  const count = (name: string) => env.number(`${prefix}_${name}`, { min: 1, max: 1_000_000 });
  const maxQueueSize = count('MAX_QUEUE_SIZE');
  const maxExportBatchSize = count('MAX_EXPORT_BATCH_SIZE');
  const scheduledDelayMillis = milliseconds(env, `${prefix}_SCHEDULE_DELAY`);
  const exportTimeoutMillis = milliseconds(env, `${prefix}_EXPORT_TIMEOUT`);
  return {
    ...(maxQueueSize !== undefined && { maxQueueSize }),
    ...(maxExportBatchSize !== undefined && { maxExportBatchSize }),
    ...(scheduledDelayMillis !== undefined && { scheduledDelayMillis }),
    ...(exportTimeoutMillis !== undefined && { exportTimeoutMillis }),
  };
}

/** Nothing goes to OpenTelemetry's default, localhost, unless a variable asks for OTLP. "none" stands for all. */
function exportersOf(env: Environment, signal: 'METRICS' | 'LOGS'): readonly string[] {
  const named = env.list(`OTEL_${signal}_EXPORTER`) ?? [];
  if (named.includes('none')) return [];
  if (named.length > 0) return [...new Set(named)];
  const asked = env.anySet('OTEL_EXPORTER_OTLP_ENDPOINT', `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`);
  return asked ? ['otlp'] : [];
}

function otlpHttpAlone(
  env: Environment,
  signal: 'METRICS' | 'LOGS',
  exporters: readonly string[],
  common: OtlpProtocol | undefined,
): OtlpHttpProtocol | undefined {
  const own = otlpProtocol(env, `OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`);
  const protocol = own ?? common ?? 'http/protobuf';
  return exporters.length === 1 && exporters[0] === 'otlp' && protocol !== 'grpc' ? protocol : undefined;
}

function milliseconds(env: Environment, name: string): number | undefined {
  return env.number(name, { min: 1, max: 3_600_000, unit: ' ms' });
}
