import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startSink } from '../test/support/sink/index.ts';
import { median, printTable } from './table.ts';

const ROUNDS = 15;

interface Contender {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Wall time and peak memory of a process that starts, imports Express and ends, with each preload. Rounds are
 * interleaved, so that a busy moment of the machine hits all of them.
 */
export async function benchStartup(): Promise<void> {
  await using sink = await startSink();
  const folder = mkdtempSync(fileURLToPath(new URL('../node_modules/.cache-bench-', import.meta.url)));
  const app = join(folder, 'app.mjs');
  writeFileSync(app, "import 'express'; console.log(process.resourceUsage().maxRSS);");
  const sentryAlone = join(folder, 'sentry.cjs');
  writeFileSync(
    sentryAlone,
    "require('@sentry/node').init({ dsn: process.env.SENTRY_DSN, tracesSampleRate: 1 });",
  );

  const dsn = { SENTRY_DSN: sink.dsn, SENTRY_TRACES_SAMPLE_RATE: '1' };
  const otlp = {
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  };
  const ours = ['--import', '@acme/otel-sentry/register'];
  const contenders: Contender[] = [
    { name: 'plain node', args: [], env: {} },
    { name: '@acme/otel-sentry, OTLP alone', args: ours, env: otlp },
    { name: '@acme/otel-sentry, Sentry alone', args: ours, env: dsn },
    { name: '@acme/otel-sentry, Sentry and OTLP', args: ours, env: { ...dsn, ...otlp } },
    {
      name: "OpenTelemetry's register, OTLP",
      args: ['--import', '@opentelemetry/auto-instrumentations-node/register'],
      env: { ...otlp, OTEL_NODE_RESOURCE_DETECTORS: 'env,process,host' },
    },
    { name: '@sentry/node init alone', args: ['--import', sentryAlone], env: dsn },
  ];
  const wall = contenders.map((): number[] => []);
  const memory = contenders.map((): number[] => []);
  try {
    // The first round only warms the file cache.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [index, { args, env }] of contenders.entries()) {
        const started = performance.now();
        // Not the synchronous kind: the sink answers in this process.
        const { stdout } = await promisify(execFile)(process.execPath, [...args, app], {
          env: { PATH: process.env.PATH, ...env },
        });
        if (round === 0) continue;
        wall[index]?.push(performance.now() - started);
        memory[index]?.push(Number(stdout) / 1024);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const plain = median(wall[0] ?? []);
  printTable(
    `Start-up of an ESM application that imports Express (medians of ${ROUNDS} interleaved rounds, whole process)`,
    ['', 'wall ms', 'added ms', 'ratio', 'peak RSS MB'],
    contenders.map(({ name }, index) => {
      const time = median(wall[index] ?? []);
      return [
        name,
        time.toFixed(0),
        (time - plain).toFixed(0),
        `${(time / plain).toFixed(2)}x`,
        median(memory[index] ?? []).toFixed(0),
      ];
    }),
  );
}
