/** One shop under several telemetry set-ups, asked the same things, with a real Collector as its OTLP backend. */

import { fileURLToPath } from 'node:url';
import type { Collector } from '../../support/brokers/index.ts';
import { runApp } from '../../support/process.ts';
import type { Sink, SinkLog, SinkMetric, SinkSpan } from '../../support/sink/index.ts';

const file = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

export interface SetUp {
  readonly execArgv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What we instrument by default for this shop; OpenTelemetry's register instruments sockets and lookups, too. */
const INSTRUMENTED = { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,undici,express,pino,runtime-node' };

export const OUR_PRELOAD: SetUp = { execArgv: ['--import', '@acme/otel-sentry/register'] };
export const THEIR_REGISTER: SetUp = {
  execArgv: ['--import', '@opentelemetry/auto-instrumentations-node/register'],
  // Our default; theirs also asks the metadata addresses of four clouds.
  env: { ...INSTRUMENTED, OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process,serviceinstance,container' },
};
export const OWN_SDK: SetUp = { execArgv: ['--import', file('own-sdk.mjs')], env: INSTRUMENTED };
export const OWN_SDK_WITH_PARTS: SetUp = { ...OWN_SDK, env: { ...INSTRUMENTED, PARTS: 'sentry' } };

/** An upstream's trace ids, one for each request that continues a trace. */
export const UPSTREAM = { w3c: 'a'.repeat(32), unsampled: 'b'.repeat(32), sentry: 'e'.repeat(32) };
/** The upstream's span. */
export const CALLER = '1234567890abcdef';

const SENTRY_BAGGAGE = `sentry-trace_id=${UPSTREAM.sentry},sentry-public_key=public,sentry-sampled=true,sentry-sample_rate=1`;

/** What the shop is asked, one after the other. */
export const REQUESTS: readonly {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}[] = [
  { path: '/orders/1?page=2&card=4000' },
  {
    path: '/orders/2',
    headers: {
      traceparent: `00-${UPSTREAM.w3c}-${CALLER}-01`,
      tracestate: 'vendor=one,other=two',
      baggage: 'tenant=acme;priority=1,region=eu',
    },
  },
  {
    path: '/orders/3',
    headers: { traceparent: `00-${UPSTREAM.unsampled}-${CALLER}-00`, tracestate: 'vendor=one' },
  },
  {
    path: '/relay/4',
    headers: {
      traceparent: `00-${UPSTREAM.sentry}-${CALLER}-01`,
      'sentry-trace': `${UPSTREAM.sentry}-${CALLER}-1`,
      baggage: `tenant=acme,${SENTRY_BAGGAGE}`,
    },
  },
  { path: '/relay/5' },
  {
    path: '/orders/7',
    headers: {
      traceparent: `00-${UPSTREAM.w3c}-${CALLER}-01`,
      'sentry-trace': `${UPSTREAM.sentry}-${CALLER}-1`,
      baggage: SENTRY_BAGGAGE,
    },
  },
  { path: '/broken/6' },
  { path: '/nowhere' },
  { path: '/health' },
];

/** What came of one run. */
export interface Run {
  readonly spans: readonly SinkSpan[];
  readonly logs: readonly SinkLog[];
  readonly metrics: readonly SinkMetric[];
  /** The headers of the shop's own outgoing requests, by the path that was asked for. */
  readonly outgoing: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly port: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Backends {
  readonly collector: Collector;
  /** Without it, Sentry is off. */
  readonly sentry?: Sink;
}

/** Runs the shop from its start to its end by SIGTERM, and takes what the Collector then has. */
export async function runShop(
  { execArgv, env = {} }: SetUp,
  { collector, sentry }: Backends,
  more: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const { received } = collector;
  received.clear();
  await using app = runApp({
    entry: file('shop.cjs'),
    execArgv,
    env: {
      ...(sentry !== undefined && { SENTRY_DSN: sentry.dsn, SENTRY_TRACES_SAMPLE_RATE: '1' }),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpEndpoint,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      NODE_ENV: 'test', // Express prints no stacks then
      ...env,
      ...more,
    },
  });
  const port = await app.ready();
  const outgoing = new Map<string, Readonly<Record<string, string>>>();
  for (const { path, headers } of REQUESTS) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...headers } });
    const text = await answer.text();
    if (answer.ok) outgoing.set(path, JSON.parse(text) as Readonly<Record<string, string>>);
  }
  app.kill('SIGTERM');
  await app.succeeded();
  return {
    spans: received.spans(),
    logs: [...received.logs],
    metrics: [...received.metrics],
    outgoing,
    port,
    stdout: app.stdout,
    stderr: app.stderr,
  };
}
