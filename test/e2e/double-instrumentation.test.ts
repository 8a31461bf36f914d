/** Applications that have the clients of both brokers instrumented a second time: each message is told of once. */

import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTopic } from '../support/kafka-topic.ts';
import { runApp } from '../support/process.ts';
import { type Sink, type SinkSpan, startSink } from '../support/sink/index.ts';
import { BACKENDS, brokers } from './scenario.ts';

/** Who else makes spans of messages in the application. */
type Other = 'opentelemetry' | 'sentry' | 'by hand';

/** What a handler saw, by the broker that brought the message. */
type Seen = Readonly<Record<'rabbitmq' | 'kafka' | 'kafka batch', SeenByHandler>>;

interface SeenByHandler {
  readonly traceId: string;
  readonly spanId: string;
  readonly sentrySpanId: string;
  readonly headers: Readonly<Record<string, string>>;
}

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

let admin: Admin;
const topics: string[] = [];
beforeAll(async () => {
  const { kafkaBrokers } = brokers();
  admin = new Kafka({ clientId: 'test', brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
});
afterAll(async () => {
  await admin.deleteTopics({ topics });
  await admin.disconnect();
});

interface Run {
  readonly sink: Sink;
  readonly seen: Seen;
  /** The queue's and the topic's. */
  readonly name: string;
}

async function run(
  other: Other,
  type: 'mjs' | 'cjs',
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const { amqpUrl, kafkaBrokers } = brokers();
  const name = `doubled-${randomUUID().slice(0, 4)}`;
  await createTopic(admin, { topic: name });
  topics.push(name);
  const sink = await startSink();
  await using app = runApp({
    entry: fileURLToPath(new URL(`./fixtures/double-instrumentation.${type}`, import.meta.url)),
    cwd: PROJECT, // where the preload's name means this package
    execArgv: [
      '--disable-warning=TimeoutNegativeWarning', // kafkajs's own
      ...['--import', '@acme/otel-sentry/register'],
      ...(other === 'sentry' ? ['--import', '@sentry/node/import'] : []),
    ],
    env: {
      SENTRY_DSN: sink.dsn,
      SENTRY_TRACES_SAMPLE_RATE: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      AMQP_URL: amqpUrl,
      KAFKA_BROKERS: kafkaBrokers.join(','),
      NAME: name,
      OTHER: other,
      ...env,
    },
  });
  const { stdout } = await app.succeeded();
  const [, seen = '{}'] = /^seen (.*)$/m.exec(stdout) ?? [];
  return { sink, seen: JSON.parse(seen) as Seen, name }; // as the fixture prints it
}

const OTHERS: readonly (readonly [title: string, Other])[] = [
  ["OpenTelemetry's instrumentations", 'opentelemetry'],
  ["Sentry's integrations", 'sentry'],
  ['spans made by hand', 'by hand'],
];

/** The names of all spans there have to be, by trace. */
function expectedSpans(other: Other, { seen, name }: Pick<Run, 'seen' | 'name'>) {
  const isByHand = other === 'by hand';
  const work = isByHand ? ['queue_consumer_transaction', 'work'] : ['work'];
  const sent = (ours: string) => (isByHand ? 'queue_producer' : ours);
  const queue = `amq.default:${name}`;
  return {
    [seen.rabbitmq.traceId]: ['request', sent(`publish ${queue}`), `process ${queue}`, ...work].sort(),
    [seen.kafka.traceId]: [
      ...['request', sent(`send ${name}`)],
      ...[`process ${name}`, ...work],
      ...[`process ${name}`, 'work'], // the batch, where nothing is made by hand
    ].sort(),
  };
}

function spansByTrace(spans: readonly SinkSpan[]) {
  const traceIds = [...new Set(spans.map(({ traceId }) => traceId))];
  const namesIn = (id: string) => spans.filter(({ traceId }) => traceId === id).map((span) => span.name);
  return Object.fromEntries(traceIds.map((traceId) => [traceId, namesIn(traceId).sort()]));
}

describe.each(OTHERS)('messages told of by %s, too', (_title, other) => {
  describe.each(['mjs', 'cjs'] as const)('in a .%s application', (type) => {
    let sink: Sink;
    let seen: Seen;
    let name: string;
    beforeAll(async () => {
      ({ sink, seen, name } = await run(other, type));
    });
    afterAll(() => sink?.close());

    it.each(BACKENDS)(
      'are one trace in %s, with one span for sending and one for each handling',
      (backend) => {
        expect(sink.invalid).toEqual([]);
        const spans = sink.spans({ source: backend });
        expect(spansByTrace(spans)).toEqual(expectedSpans(other, { seen, name }));
      },
    );

    it.each(BACKENDS)('have in %s the handling below the sending, below the request', (backend) => {
      for (const { traceId } of [seen.rabbitmq, seen.kafka]) {
        const spans = sink.spans({ source: backend, traceId });
        const producer = the(spans, 'producer');
        expect(parentOf(producer, spans)?.name).toBe('request');
        const consumers = spans.filter(({ kind }) => kind === 'consumer');
        for (const { parentSpanId } of consumers) expect(parentSpanId).toBe(producer.spanId);
      }
    });

    it('carry one context, that of the span that sent them', () => {
      for (const { headers, traceId } of Object.values(seen)) {
        const { spanId } = the(sink.spans({ source: 'otlp', traceId }), 'producer');
        const { traceparent = `00-${traceId}-${spanId}-01`, 'sentry-trace': sentryTrace } = headers;
        expect([traceparent, sentryTrace]).toEqual([`00-${traceId}-${spanId}-01`, `${traceId}-${spanId}-1`]);
        expect(headers.baggage?.match(/sentry-trace_id=/g)).toHaveLength(1);
      }
    });

    it('are handled where their span is active', () => {
      for (const { traceId, spanId, sentrySpanId } of Object.values(seen)) {
        const active = sink.spans({ source: 'otlp', traceId, spanId })[0];
        expect(active?.kind).toBe('consumer');
        expect(sentrySpanId).toBe(spanId);
        const below = sink.spans({ source: 'otlp', traceId, parentSpanId: spanId });
        expect(below.map((span) => span.name)).toContain('work');
      }
    });
  });
});

it.each(OTHERS)(
  'messages told of by %s, too, are transactions where spans are not streamed',
  async (_title, other) => {
    const { sink, seen, name } = await run(other, 'cjs', { OTEL_SENTRY_TRACE_LIFECYCLE: 'static' });
    const spans = sink.spans({ source: 'sentry', format: 'transaction' });
    expect(spansByTrace(spans)).toEqual(expectedSpans(other, { seen, name }));
    // The request and the handling, for each broker; and the batch.
    expect(sink.transactions).toHaveLength(5);
    await sink.close();
  },
);

describe('a message that is handled by hand, as Sentry documents it', () => {
  let sink: Sink;
  let seen: Seen;
  beforeAll(async () => {
    ({ sink, seen } = await run('by hand', 'mjs'));
  });
  afterAll(() => sink?.close());

  it('has on its spans what is said by hand', () => {
    for (const { traceId } of [seen.rabbitmq, seen.kafka]) {
      const described = sink.spans({ source: 'sentry', traceId, attributes: { 'by.hand': true } });
      const ops = described.map(({ attributes }) => attributes['sentry.op']);
      expect(ops.sort()).toEqual(['queue.process', 'queue.publish']);
    }
  });

  it('has what continues its trace below its own span, not beside it', () => {
    for (const { traceId, spanId } of [seen.rabbitmq, seen.kafka]) {
      const [continued] = sink.spans({ source: 'sentry', traceId, name: 'queue_consumer_transaction' });
      expect(continued).toMatchObject({ parentSpanId: spanId, isSegment: false });
    }
  });
});

it.each<[title: string, Other]>([
  ["OpenTelemetry's", 'opentelemetry'],
  ["Sentry's", 'sentry'],
])('%s spans tell of the messages where ours are disabled', async (_title, other) => {
  const disabled = { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'amqplib,kafkajs' };
  const { sink, seen, name } = await run(other, 'cjs', disabled);
  for (const { traceId } of [seen.rabbitmq, seen.kafka]) {
    const names = sink.spans({ source: 'otlp', traceId }).map((span) => span.name);
    expect(names.some((span) => /^(publish|send)\b/.test(span))).toBe(true);
    expect(names.some((span) => span.includes('process') && span.includes(name))).toBe(true);
  }
  await sink.close();
});

function the(spans: readonly SinkSpan[], kind: 'producer'): SinkSpan {
  const [span, ...more] = spans.filter((one) => one.kind === kind);
  if (span === undefined || more.length > 0)
    throw new Error(`${more.length + (span ? 1 : 0)} spans of kind ${kind}`);
  return span;
}

function parentOf({ parentSpanId }: SinkSpan, spans: readonly SinkSpan[]): SinkSpan | undefined {
  return spans.find(({ spanId }) => spanId === parentSpanId);
}
