import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gapsIn } from '../../../demo/view/gaps.ts';
import { traceOfOrder, tracesIn } from '../../../demo/view/trace.ts';
import { waterfall } from '../../../demo/view/waterfall.ts';
import { type Sink, startSink } from '../../support/sink/index.ts';

const TRACE_ID = 'a'.repeat(32);
/** Milliseconds since the epoch. */
const START = 1_700_000_000_000;

interface Span {
  readonly id: string;
  readonly parent?: string;
  readonly service: string;
  readonly name?: string;
  /** Milliseconds after the trace's. */
  readonly start?: number;
}

const HEAD: Span = { id: '1'.repeat(16), service: 'shop', name: 'GET /' };
const TAIL: Span = { id: '2'.repeat(16), parent: HEAD.id, service: 'bank', name: 'charge', start: 5 };
const BOTH = { services: ['shop', 'bank'], failing: undefined };

let sink: Sink;
beforeEach(async () => {
  sink = await startSink();
});
afterEach(() => sink.close());

async function toOtlp(...spans: readonly Span[]): Promise<void> {
  const resourceSpans = spans.map(({ id, parent = '', service, name = 'work', start = 0 }) => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
    scopeSpans: [
      {
        spans: [
          {
            traceId: TRACE_ID,
            spanId: id,
            parentSpanId: parent,
            name,
            startTimeUnixNano: `${START + start}000000`,
            endTimeUnixNano: `${START + start + 5}000000`,
            attributes: [{ key: 'order.id', value: { stringValue: '7' } }],
          },
        ],
      },
    ],
  }));
  await post('/v1/traces', JSON.stringify({ resourceSpans }));
}

async function toSentry(...spans: readonly Span[]): Promise<void> {
  const items = spans.map(({ id, parent, service, name = 'work', start = 0 }) => ({
    trace_id: TRACE_ID,
    span_id: id,
    ...(parent !== undefined && { parent_span_id: parent }),
    name,
    status: 'ok',
    is_segment: true,
    start_timestamp: (START + start) / 1000,
    end_timestamp: (START + start + 5) / 1000,
    attributes: { 'service.name': { value: service, type: 'string' } },
  }));
  const content_type = 'application/vnd.sentry.items.span.v2+json';
  await envelope({ type: 'span', item_count: items.length, content_type }, { items });
}

function errorOn(spanId: string): Promise<void> {
  const exception = { values: [{ type: 'Refused', value: 'no money' }] };
  const contexts = { trace: { trace_id: TRACE_ID, span_id: spanId } };
  return envelope({ type: 'event' }, { event_id: 'e'.repeat(32), exception, contexts });
}

function envelope(header: object, payload: object): Promise<void> {
  const lines = [{ trace: { trace_id: TRACE_ID, public_key: 'public' } }, header, payload];
  return post('/api/1/envelope/?sentry_key=public', lines.map((line) => JSON.stringify(line)).join('\n'));
}

async function post(path: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(sink.otlpEndpoint + path, { method: 'POST', body, headers })).status).toBe(200);
  expect(sink.invalid).toEqual([]);
}

const gaps = (expected: Parameters<typeof gapsIn>[1] = BOTH) => gapsIn(traceOfOrder(sink, '7'), expected);

describe('a trace', () => {
  test('has each span once, after its parent, with what either backend got', async () => {
    await toOtlp(TAIL, HEAD);
    await toSentry(HEAD);
    expect(tracesIn(sink)).toMatchObject([
      {
        traceId: TRACE_ID,
        orderId: '7',
        duration: 10,
        services: ['shop', 'bank'],
        spans: [
          { spanId: HEAD.id, depth: 0, sentry: { offset: 0, duration: 5 }, otlp: { offset: 0 } },
          { spanId: TAIL.id, depth: 1, sentry: undefined, otlp: { offset: 5, duration: 5 } },
        ],
      },
    ]);
  });

  test('is whole when both backends have it', async () => {
    await toOtlp(HEAD, TAIL);
    await toSentry(HEAD, TAIL);
    expect(gaps()).toEqual([]);
    await errorOn(TAIL.id);
    expect(gaps({ ...BOTH, failing: 'bank' })).toEqual([]);
  });
});

describe('not whole', () => {
  test('is a trace of which nothing arrived', () => {
    expect(gaps()).toEqual(['no span of it arrived']);
  });

  test('is one that a backend has only in part', async () => {
    await toOtlp(HEAD, TAIL);
    await toSentry(HEAD);
    expect(gaps()).toEqual(['Sentry got no span of bank', `Sentry misses "charge" of bank (${TAIL.id})`]);
  });

  test('is one that breaks off before a service', async () => {
    await toOtlp(HEAD);
    await toSentry(HEAD);
    expect(gaps()).toEqual(['Sentry got no span of bank', 'OTLP got no span of bank']);
  });

  test('is one with a parent that never arrived', async () => {
    const orphan = { ...TAIL, parent: '9'.repeat(16) };
    await toOtlp(HEAD, orphan);
    await toSentry(HEAD, orphan);
    expect(gaps()).toEqual([`"charge" of bank (${TAIL.id}) has a parent that never arrived`]);
  });

  test('is one whose parents differ', async () => {
    await toOtlp(HEAD, TAIL);
    await toSentry(HEAD, { id: TAIL.id, service: 'bank' });
    expect(gaps()).toEqual([`Sentry and OTLP disagree on the parent of "charge" of bank (${TAIL.id})`]);
  });

  test('is one without its error, or with another', async () => {
    await toOtlp(HEAD, TAIL);
    await toSentry(HEAD, TAIL);
    await errorOn(HEAD.id);
    expect(gaps({ ...BOTH, failing: 'bank' })).toEqual([
      'Sentry got no error on a span of bank',
      'Sentry got an error that shop should not have: no money',
    ]);
  });
});

test('a waterfall has a line for each span, which says who has it and when it ran', async () => {
  await toOtlp(HEAD, TAIL);
  await toSentry(HEAD);
  await errorOn(TAIL.id);
  const [trace] = tracesIn(sink);
  const lines = stripVTControlCharacters(trace === undefined ? '' : waterfall(trace, 80)).split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^S O shop GET \/ +[█▌]+ {15,}5\.0 ms$/),
    expect.stringMatching(/^✗ O bank {3}charge {30,}[█▌]+ +5\.0 ms$/),
    expect.stringMatching(/^ +✗ Refused: no money$/),
  ]);
  expect(new Set(lines.slice(0, 2).map((line) => line.length))).toEqual(new Set([80]));
});
