import { logs, metrics } from '@opentelemetry/api';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import type { IMetricReader } from '@opentelemetry/sdk-metrics';
import type { OpenTelemetryConfig } from '../config/config.ts';
import { createOtlpLogExport, createOtlpMetricExport } from '../lifecycle/otlp-exporter.ts';
import type { AsynchronousPending, PendingPayloads } from '../lifecycle/pending.ts';

/** The export of metrics and logs. */
export interface SignalExport {
  /** For `NodeSDK`; what is left out it makes itself, as the environment says. */
  readonly sdkOptions: {
    readonly metricReaders?: IMetricReader[];
    readonly logRecordProcessors?: LogRecordProcessor[];
  };
  /** Exporters that the end of the process can empty synchronously. */
  readonly pending: readonly PendingPayloads[];
  /** The others, which it has to wait for. */
  readonly asynchronous: readonly AsynchronousPending[];
}

/** The exporters that `OTEL_METRICS_EXPORTER`, `OTEL_LOGS_EXPORTER` and `OTEL_EXPORTER_OTLP_*` name. */
export function createSignalExport(config: Pick<OpenTelemetryConfig, 'metrics' | 'logs'>): SignalExport {
  const readers = config.metrics.otlpHttp && [createOtlpMetricExport(config.metrics.otlpHttp)];
  const processors = config.logs.otlpHttp && [createOtlpLogExport(config.logs.otlpHttp)];
  // Prometheus comes to fetch its metrics.
  const pushesMetrics = config.metrics.exporters.some((name) => name !== 'prometheus');
  const asynchronous = [
    ...(readers === undefined && pushesMetrics ? [flushOf(() => metrics.getMeterProvider())] : []),
    ...(processors === undefined && config.logs.exporters.length > 0
      ? [flushOf(() => logs.getLoggerProvider())]
      : []),
  ];
  return {
    sdkOptions: {
      // Left out, NodeSDK reads the variables, and without any of them sends to localhost.
      ...(config.metrics.exporters.length === 0 && { metricReaders: [] }),
      ...(config.logs.exporters.length === 0 && { logRecordProcessors: [] }),
      ...(readers && { metricReaders: readers }),
      ...(processors && { logRecordProcessors: processors }),
    },
    pending: [...(readers ?? []), ...(processors ?? [])],
    asynchronous,
  };
}

/** What the SDK registered is a provider of its own; the API's types know the part for instrumentations alone. */
function flushOf(provider: () => object): AsynchronousPending {
  return {
    pending: true,
    flush: async () => {
      const { forceFlush } = provider() as { readonly forceFlush?: () => Promise<void> };
      await forceFlush?.call(provider());
    },
  };
}
