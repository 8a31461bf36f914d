import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { createTransport, setCurrentClient, startSpan } from '@sentry/core';
import { NodeClient } from '@sentry/node';
import { SentryPropagator as SentrySdkPropagator } from '@sentry/opentelemetry';
import { SentryPropagator } from '../propagators/index.ts';
import { median, printTable } from './table.ts';

/** One measured operation: the peers' medians in nanoseconds, and ours in relation to each. */
interface PropagatorRow {
  readonly operation: string;
  readonly nanoseconds: Readonly<Record<Peer, number>>;
}

const PEERS = ['plain node', 'ours', 'W3C composite', '@sentry/opentelemetry'] as const;
type Peer = (typeof PEERS)[number];

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const PLAIN_HEADERS = { host: 'shop.example', accept: '*/*', 'user-agent': 'bench' };
const W3C_HEADERS = { ...PLAIN_HEADERS, traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` };
const ALL_HEADERS = {
  ...W3C_HEADERS,
  tracestate: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
  'sentry-trace': `${TRACE_ID}-${SPAN_ID}-1`,
  baggage: [
    'sentry-environment=production,sentry-release=shop%401.2.3,sentry-public_key=0123456789abcdef0123456789abcdef',
    `sentry-trace_id=${TRACE_ID},sentry-org_id=1,sentry-sampled=true,sentry-sample_rand=0.123456789012345`,
    'sentry-sample_rate=0.5,tenant=acme,user.tier=gold',
  ].join(','),
};

const PROPAGATORS: Readonly<Record<Exclude<Peer, 'plain node'>, TextMapPropagator>> = {
  ours: new SentryPropagator(),
  'W3C composite': new CompositePropagator({
    propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  }),
  '@sentry/opentelemetry': new SentrySdkPropagator(),
};

type Operation = () => unknown;

/** Plain node is what any of them starts from: a header looked up, a carrier made. */
const read = (headers: Record<string, string>): Record<Peer, Operation> => ({
  'plain node': () => headers.traceparent,
  ...forEachPropagator((propagator) => () => propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)),
});

const write = (contextFor: (propagator: TextMapPropagator) => Context): Record<Peer, Operation> => ({
  'plain node': () => ({ ...PLAIN_HEADERS }),
  ...forEachPropagator((propagator) => {
    const context = contextFor(propagator);
    return () => {
      const carrier = { ...PLAIN_HEADERS };
      propagator.inject(context, carrier, defaultTextMapSetter);
      return carrier;
    };
  }),
});

function forEachPropagator(operation: (propagator: TextMapPropagator) => Operation) {
  return {
    ours: operation(PROPAGATORS.ours),
    'W3C composite': operation(PROPAGATORS['W3C composite']),
    '@sentry/opentelemetry': operation(PROPAGATORS['@sentry/opentelemetry']),
  };
}

/**
 * Measures extract and inject of the four headers, interleaved round by round so that a slow moment of the
 * machine hits every peer alike; medians over the rounds. Sentry's propagator writes its own active span, since
 * it injects no other, and reads no `traceparent`.
 *
 * @param rounds how many rounds; the first fifth warms up and does not count
 * @param iterations operations a round
 */
async function measurePropagators(rounds = 30, iterations = 20_000): Promise<PropagatorRow[]> {
  const client = new NodeClient({
    dsn: 'https://public@o1.ingest.example.com/1',
    tracesSampleRate: 1,
    environment: 'production',
    release: 'shop@1.2.3',
    integrations: [],
    stackParser: () => [],
    transport: (options) => createTransport(options, async () => ({ statusCode: 200 })),
  });
  setCurrentClient(client);
  client.init();
  const rows = startSpan({ name: 'bench' }, () => {
    const continued = (propagator: TextMapPropagator) =>
      propagator instanceof SentrySdkPropagator
        ? ROOT_CONTEXT
        : propagator.extract(ROOT_CONTEXT, ALL_HEADERS, defaultTextMapGetter);
    const head = (propagator: TextMapPropagator) =>
      propagator instanceof SentrySdkPropagator
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 });
    return [
      measure('extract, all headers', read(ALL_HEADERS), rounds, iterations),
      measure('extract, traceparent only', read(W3C_HEADERS), rounds, iterations),
      measure('extract, no trace headers', read(PLAIN_HEADERS), rounds, iterations),
      measure('inject, continued trace', write(continued), rounds, iterations),
      measure('inject, head of trace', write(head), rounds, iterations),
    ];
  });
  await client.close(0);
  return rows;
}

function measure(
  operation: string,
  peers: Record<Peer, Operation>,
  rounds: number,
  iterations: number,
): PropagatorRow {
  const samples: Record<Peer, number[]> = {
    'plain node': [],
    ours: [],
    'W3C composite': [],
    '@sentry/opentelemetry': [],
  };
  for (let round = 0; round < rounds; round++) {
    for (const peer of PEERS) {
      const nanoseconds = time(peers[peer], iterations);
      if (round >= rounds / 5) samples[peer].push(nanoseconds);
    }
  }
  const [plain, ours, w3c, sentry] = PEERS.map((peer) => median(samples[peer]));
  return {
    operation,
    nanoseconds: {
      'plain node': plain ?? 0,
      ours: ours ?? 0,
      'W3C composite': w3c ?? 0,
      '@sentry/opentelemetry': sentry ?? 0,
    },
  };
}

let sink: unknown;

function time(operation: Operation, iterations: number): number {
  const started = process.hrtime.bigint();
  // What is kept can't be optimised away.
  for (let i = 0; i < iterations; i++) sink = operation();
  return Number(process.hrtime.bigint() - started) / iterations;
}

/** Prints the table; `npm run bench propagators`. */
export async function benchPropagators(): Promise<void> {
  const rows = await measurePropagators();
  printTable(
    'Propagators, nanoseconds per operation (medians of interleaved rounds)',
    ['', ...PEERS, 'ours / W3C', 'ours / Sentry'],
    rows.map(({ operation, nanoseconds }) => [
      operation,
      ...PEERS.map((peer) => nanoseconds[peer].toFixed(0)),
      (nanoseconds.ours / nanoseconds['W3C composite']).toFixed(2),
      (nanoseconds.ours / nanoseconds['@sentry/opentelemetry']).toFixed(2),
    ]),
  );
  if (sink === undefined) throw new Error('nothing was measured');
}
