/** Makes chunks of what `NodeSDK` imports at once although few services need it. See src/deferred-export.ts. */

import { join } from 'node:path';
import type { Plugin } from 'rolldown';

/** Packages with the names that `@opentelemetry/sdk-node` imports from them; the build fails where one is missing. */
const DEFERRED: Readonly<Record<string, readonly string[]>> = {
  '@opentelemetry/exporter-logs-otlp-grpc': ['OTLPLogExporter'],
  '@opentelemetry/exporter-logs-otlp-http': ['OTLPLogExporter'],
  '@opentelemetry/exporter-logs-otlp-proto': ['OTLPLogExporter'],
  '@opentelemetry/exporter-metrics-otlp-grpc': ['OTLPMetricExporter'],
  '@opentelemetry/exporter-metrics-otlp-http': ['OTLPMetricExporter'],
  '@opentelemetry/exporter-metrics-otlp-proto': ['OTLPMetricExporter'],
  '@opentelemetry/exporter-prometheus': ['PrometheusExporter'],
  '@opentelemetry/exporter-trace-otlp-grpc': ['OTLPTraceExporter'],
  '@opentelemetry/exporter-trace-otlp-http': ['OTLPTraceExporter'],
  '@opentelemetry/exporter-trace-otlp-proto': ['OTLPTraceExporter'],
  '@opentelemetry/exporter-zipkin': ['ZipkinExporter'],
  '@opentelemetry/propagator-b3': ['B3InjectEncoding', 'B3Propagator'],
  '@opentelemetry/sdk-logs': [
    'BatchLogRecordProcessor',
    'ConsoleLogRecordExporter',
    'LoggerProvider',
    'SimpleLogRecordProcessor',
  ],
  '@opentelemetry/sdk-metrics': ['ConsoleMetricExporter', 'MeterProvider', 'PeriodicExportingMetricReader'],
};

const PREFIX = '\0deferred:';
/** `NodeSDK` itself; what reads a configuration file (`startNodeSDK`) imports more names, and isn't in the bundle. */
const IMPORTER = /[\\/]@opentelemetry[\\/]sdk-node[\\/](?!.*create-from-config)/;

export function deferredExports(root: string): Plugin {
  return {
    name: 'deferred-exports',
    resolveId: {
      filter: {
        id: Object.keys(DEFERRED).map((name) => new RegExp(`^${name}$`)),
      },
      handler(source, importer) {
        // A call of loadChunk inside the stand-in means the package itself.
        if (importer?.startsWith(PREFIX))
          return this.resolve(source, join(root, 'package.json'), {
            skipSelf: true,
          });
        return importer !== undefined && IMPORTER.test(importer) ? `${PREFIX}${source}` : null;
      },
    },
    load: {
      filter: { id: /^\0deferred:/ },
      handler: (id) => ({
        code: standIn(id.slice(PREFIX.length), root),
        moduleSideEffects: false,
      }),
    },
  };
}

function standIn(packageName: string, root: string): string {
  const source = (file: string) => JSON.stringify(join(root, 'src', file));
  const exports = (DEFERRED[packageName] ?? []).map(
    (name) => `export const ${name} = /* @__PURE__ */ deferredExport(load, '${name}');`,
  );
  return [
    `import { loadChunk } from ${source('chunks.ts')};`,
    `import { deferredExport } from ${source('deferred-export.ts')};`,
    `const load = () => loadChunk(import.meta.url, '${packageName}');`,
    ...exports,
  ].join('\n');
}
