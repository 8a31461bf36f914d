import { propagation } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { AmqpHeaders } from '../../../../propagators/amqp.ts';
import { KafkaHeaders } from '../../../../propagators/kafka.ts';
import { S, S2, T, T2 } from '../headers.ts';
import { type Decision, type Received, receive } from './received.ts';

const TP = `00-${T}-${S}-01`;
const STALE = `00-${T2}-${S2}-01`;
const bytes = (text: string) => Buffer.from(text);
const LOW_64 = T.slice(16);
const ENQUEUED = '1763700000.123456';

interface Producer {
  readonly who: string;
  readonly headers: Record<string, unknown>;
  readonly traceId?: string;
  readonly openTelemetry: Decision;
  readonly sentry: Decision;
  readonly baggage?: Record<string, string>;
}

/** A decision of OpenTelemetry's alone: Sentry's stays open. */
const yes = { openTelemetry: 'yes', sentry: 'open' } as const;
const no = { openTelemetry: 'no', sentry: 'open' } as const;
const open = { openTelemetry: 'open', sentry: 'open' } as const;

const OPENTELEMETRY: Producer[] = [
  {
    who: 'OpenTelemetry Java on Kafka: bytes, the last one is the latest',
    headers: { traceparent: [bytes(STALE), bytes(TP)], baggage: bytes('tenant=a') },
    ...yes,
    baggage: { tenant: 'a' },
  },
  {
    who: 'franz-go kotel: tracestate before traceparent',
    headers: { tracestate: bytes('congo=1'), traceparent: bytes(TP) },
    ...yes,
  },
  {
    who: 'kafka-python, forwarding: everything twice, the stale one first',
    headers: {
      traceparent: [bytes(STALE), bytes(TP)],
      baggage: [bytes('tenant=old,user=1'), bytes('tenant=new')],
    },
    ...yes,
    baggage: { tenant: 'new', user: '1' },
  },
  { who: 'pika and aio-pika: a string', headers: { traceparent: TP }, ...yes },
  { who: 'pika, given bytes: AMQP type x', headers: { traceparent: bytes(TP), mine: bytes('\xff') }, ...yes },
  {
    who: "OpenTelemetry Python's root: random flag",
    headers: { traceparent: bytes(`00-${T}-${S}-03`) },
    ...yes,
  },
  {
    who: "OpenTelemetry Python's unsampled root",
    headers: { traceparent: bytes(`00-${T}-${S}-02`) },
    ...no,
  },
  {
    who: '.NET RabbitMQ.Client: a long string',
    headers: { traceparent: `00-${T}-${S}-00`, tracestate: '' },
    ...no,
  },
  {
    who: 'the Java agent on RabbitMQ, below a random-id parent',
    headers: { traceparent: `00-${T}-${S}-02` },
    ...no,
  },
  {
    who: 'Go amqp091: byte arrays',
    headers: { traceparent: new Uint8Array(bytes(TP)), baggage: new Uint8Array(bytes('user=%C3%BC')) },
    ...yes,
    baggage: { user: 'ü' },
  },
  { who: 'an upper-case writer', headers: { TRACEPARENT: bytes(TP), TraceState: bytes('a=1') }, ...yes },
  {
    who: 'confluent-kafka: null values beside',
    headers: { traceparent: bytes(TP), tracestate: null, 'retry-of': null },
    ...yes,
  },
];

const DSC = `sentry-trace_id=${T},sentry-public_key=public`;

const SENTRY: Producer[] = [
  {
    who: 'sentry-python on Celery: Sentry first in baggage, everything again in a nested table, nulls around',
    headers: {
      'sentry-trace': `${T}-${S}-1`,
      baggage: `${DSC},sentry-sample_rand=0.250000,sentry-sampled=true,tenant=a`,
      'sentry-task-enqueued-time': Number(ENQUEUED),
      headers: { 'sentry-trace': `${T2}-${S2}-0`, traceparent: STALE, baggage: 'tenant=nested', mine: '1' },
      group: null,
      timelimit: [null, null],
      retries: 0,
    },
    openTelemetry: 'open',
    sentry: 'yes',
    baggage: { tenant: 'a' },
  },
  {
    who: 'sentry-java on Kafka: bytes, baggage sorted, third-party members first',
    headers: {
      baggage: bytes(
        `a=1,sentry-public_key=public,sentry-sample_rate=0,sentry-sampled=false,sentry-trace_id=${T}`,
      ),
      'sentry-task-enqueued-time': bytes(ENQUEUED),
      'sentry-trace': bytes(`${T}-${S}-0`),
      kafka_deliveryAttempt: bytes('\0\0\0\x02'),
    },
    openTelemetry: 'open',
    sentry: 'no',
    baggage: { a: '1' },
  },
  {
    who: 'a deferred sentry-sdk',
    headers: { 'sentry-trace': `${T}-${S}`, baggage: DSC },
    ...open,
  },
  {
    who: 'a deferred sentry-java: sample_rand without sampled',
    headers: { 'sentry-trace': bytes(`${T}-${S}`), baggage: bytes(`sentry-sample_rand=0.5,${DSC}`) },
    ...open,
  },
  {
    who: 'Sentry JavaScript 11.11: 17 decimals of sample_rand, traceparent beside',
    headers: {
      'sentry-trace': `${T}-${S}-1`,
      traceparent: `00-${T}-${S}-01`,
      baggage: `${DSC},sentry-sample_rand=0.12345678901234567,sentry-sampled=true`,
    },
    openTelemetry: 'yes',
    sentry: 'yes',
  },
  {
    who: 'a forwarding Sentry service: two sentry-trace, the stale one first',
    headers: { 'sentry-trace': [bytes(`${T2}-${S2}-1`), bytes(`${T}-${S}-0`)] },
    openTelemetry: 'open',
    sentry: 'no',
  },
];

const FOREIGN: Producer[] = [
  {
    who: 'Spring Cloud Sleuth: JSON-quoted',
    headers: {
      'X-B3-TraceId': bytes(`"${T}"`),
      'X-B3-SpanId': bytes(`"${S}"`),
      'X-B3-Sampled': bytes('"1"'),
      spring_json_header_types: bytes('{"X-B3-TraceId":"java.lang.String"}'),
    },
    ...yes,
  },
  { who: 'newer Spring: b3 unquoted', headers: { b3: bytes(`${T}-${S}-1`) }, ...yes },
  {
    who: 'Brave: 64 bits, not sampled',
    headers: { b3: `${LOW_64}-${S}-0` },
    traceId: `${'0'.repeat(16)}${LOW_64}`,
    ...no,
  },
  { who: 'Brave: debug, with a parent', headers: { b3: `${T}-${S}-d-${S2}` }, ...yes },
  { who: 'Brave: deferred', headers: { b3: `${T}-${S}` }, ...open },
  {
    who: 'OpenTelemetry Java with b3multi: mixed case beside W3C baggage',
    headers: {
      'X-B3-TraceId': bytes(T),
      'X-B3-SpanId': bytes(S),
      'X-B3-Sampled': bytes('1'),
      baggage: bytes('tenant=a'),
    },
    ...yes,
    baggage: { tenant: 'a' },
  },
  {
    who: 'Zipkin: debug flag, 64 bits, lower case',
    headers: { 'x-b3-traceid': LOW_64, 'x-b3-spanid': S, 'x-b3-flags': '1' },
    traceId: `${'0'.repeat(16)}${LOW_64}`,
    ...yes,
  },
  {
    who: 'Datadog: decimal ids, the high half among the tags',
    headers: {
      'x-datadog-trace-id': BigInt(`0x${LOW_64}`).toString(),
      'x-datadog-parent-id': BigInt(`0x${S}`).toString(),
      'x-datadog-sampling-priority': '1',
      'x-datadog-tags': `_dd.p.dm=-1,_dd.p.tid=${T.slice(0, 16)}`,
    },
    ...yes,
  },
  {
    who: 'Datadog on Kafka: 64 bits, rejected by the user',
    headers: {
      'x-datadog-trace-id': bytes(BigInt(`0x${LOW_64}`).toString()),
      'x-datadog-parent-id': bytes(BigInt(`0x${S}`).toString()),
      'x-datadog-sampling-priority': bytes('-1'),
    },
    traceId: `${'0'.repeat(16)}${LOW_64}`,
    ...no,
  },
  {
    who: 'AWS X-Ray',
    headers: { 'x-amzn-trace-id': `Root=1-${T.slice(0, 8)}-${T.slice(8)};Parent=${S};Sampled=1` },
    ...yes,
  },
  {
    who: 'AWS X-Ray, asking',
    headers: { 'X-Amzn-Trace-Id': bytes(`Root=1-${T.slice(0, 8)}-${T.slice(8)};Parent=${S};Sampled=?`) },
    ...open,
  },
  { who: 'Jaeger', headers: { 'uber-trace-id': `${T}:${S}:0:1` }, ...yes },
  {
    who: "Jaeger's clients: percent-encoded, leading zeros missing",
    headers: { 'Uber-Trace-Id': bytes(`af7651916cd43dd8448eb211c80319c%3A${S}%3A0%3A0`) },
    ...no,
  },
  { who: 'MassTransit', headers: { 'MT-Activity-Id': TP, 'MT-Host-Info': '{}' }, ...yes },
  { who: 'Google Pub/Sub for Node', headers: { googclient_traceparent: `00-${T}-${S}-00` }, ...no },
];

/** What else stands on messages: nothing of it is text of ours. */
const NEIGHBOURS = {
  decimal: { '!': 'decimal', value: { places: 2, digits: 314 } },
  timestamp: { '!': 'timestamp', value: 1_763_700_000 },
  big: 9_007_199_254_740_993n,
  raw: bytes('\0\x01\xff'),
  nothing: null,
  table: { traceparent: STALE, b3: `${T2}-${S2}-1` },
  list: [null, [STALE]],
};

describe.each([
  ['Kafka', KafkaHeaders],
  ['AMQP', AmqpHeaders],
])('a message on %s', (_name, getter) => {
  const read = (headers: Record<string, unknown>): Received =>
    // Kafka's headers hold no tables; ours must not mind.
    receive(headers as never, getter);

  it.each([...OPENTELEMETRY, ...SENTRY, ...FOREIGN])(
    'continues the trace of $who',
    ({ headers, traceId = T, openTelemetry, sentry, baggage }) => {
      for (const all of [headers, { ...NEIGHBOURS, ...headers }, { ...headers, ...NEIGHBOURS }]) {
        const received = read(all);
        expect(received).toMatchObject({ traceId, spanId: S, openTelemetry, sentry });
        expect(received.span?.isRemote).toBe(true);
        const entries = propagation.getBaggage(received.context)?.getAllEntries() ?? [];
        expect(Object.fromEntries(entries.map(([key, { value }]) => [key, value]))).toEqual(baggage ?? {});
      }
    },
  );

  it.each(FOREIGN)("prefers ours to $who's", ({ headers }) => {
    expect(read({ ...headers, traceparent: STALE })).toMatchObject({ traceId: T2, spanId: S2 });
    expect(read({ ...headers, 'sentry-trace': bytes(`${T2}-${S2}-1`) })).toMatchObject({
      traceId: T2,
      sentry: 'yes',
    });
  });

  it.each(FOREIGN)('falls back to $who beside trace context that is invalid', ({ headers, traceId = T }) => {
    for (const invalid of [null, '', '00-x', `00-${'0'.repeat(32)}-${S}-01`, { toString: 'x' }, 7]) {
      expect(read({ ...headers, traceparent: invalid, 'sentry-trace': invalid }).traceId).toBe(traceId);
    }
  });

  it.each([
    [
      'all-zero ids',
      { 'sentry-trace': `${'0'.repeat(32)}-${S}-1`, traceparent: `00-${T}-${'0'.repeat(16)}-01` },
    ],
    ['a table with a toString that is no function', { 'sentry-trace': { toString: 'x' } }],
    ['a table that became the prototype', Object.create({ traceparent: TP, b3: `${T}-${S}-1` })],
    ['a decision without ids', { b3: '0', 'X-B3-Sampled': '0' }],
    [
      "a load balancer's trace without a parent",
      { 'x-amzn-trace-id': `Root=1-${T.slice(0, 8)}-${T.slice(8)}` },
    ],
    ['neighbours alone', NEIGHBOURS],
  ])('starts a new trace from %s', (_what, headers) => {
    expect(read(headers).span).toBeUndefined();
  });
});
