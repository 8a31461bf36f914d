import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runApp } from '../../support/process.ts';
import { type Sink, startSink } from '../../support/sink/index.ts';

const APP = fileURLToPath(new URL('fixtures/sentry-app.ts', import.meta.url));

describe.each(['stream', 'static'] as const)(
  'what the Sentry SDK sends with traceLifecycle %s',
  (lifecycle) => {
    let sink: Sink;

    beforeAll(async () => {
      sink = await startSink();
      await using app = runApp({ entry: APP, env: { SENTRY_DSN: sink.dsn, LIFECYCLE: lifecycle } });
      const { stdout, stderr } = await app.succeeded();
      expect(stdout + stderr).toBe('');
    });
    afterAll(() => sink.close());

    test('is all valid', () => {
      expect(sink.invalid).toEqual([]);
      expect(new Set(sink.requests.map((request) => request.outcome))).toEqual(new Set([200]));
    });

    test('has a span with its attributes unwrapped, its link, and the sampling context of the envelope', () => {
      const [order] = sink.spans({ name: 'handle order' });
      const [earlier] = sink.spans({ name: 'earlier' });
      expect(order).toMatchObject({
        source: 'sentry',
        format: lifecycle === 'stream' ? 'span-v2' : 'transaction',
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
        parentSpanId: undefined,
        status: 'ok',
        isSegment: true,
        service: 'orders',
        attributes: {
          text: 'zażółć 🦊',
          whole: 7,
          part: 0.5,
          yes: true,
          list: ['a', 'b'],
          'sentry.op': 'queue.process',
          'sentry.origin': 'manual',
        },
        links: [
          {
            traceId: earlier?.traceId,
            spanId: earlier?.spanId,
            attributes: { 'sentry.link.type': 'previous_trace' },
            sampled: true,
          },
        ],
        dsc: { trace_id: order?.traceId, public_key: 'public', sampled: 'true', sample_rate: '1' },
        envelope: { sdk: { name: 'sentry.javascript.node', version: '11.11.0' } },
      });
      expect(Math.abs((order?.startTime ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(order?.endTime).toBeGreaterThan(order?.startTime ?? Number.POSITIVE_INFINITY);
    });

    test('has its child span with kind and error status', () => {
      const [order] = sink.spans({ name: 'handle order' });
      expect(sink.spans({ parentSpanId: order?.spanId })).toMatchObject([
        { name: 'SELECT', kind: 'client', status: 'error', statusMessage: 'not_found', isSegment: false },
      ]);
    });

    test(`has ${lifecycle === 'static' ? 'two transactions' : 'no transaction'}`, () => {
      expect(
        sink.transactions.map(({ name, op, nameSource, spans }) => [name, op, nameSource, spans.length]),
      ).toEqual(
        lifecycle === 'static'
          ? [
              ['earlier', 'task', 'custom', 1],
              ['handle order', 'queue.process', 'custom', 2],
            ]
          : [],
      );
      expect(sink.spans()).toHaveLength(3);
    });

    test('has the error on the active span, the outermost exception of its chain first', () => {
      const [order] = sink.spans({ name: 'handle order' });
      expect(sink.errors({ type: 'RangeError' })).toMatchObject([
        {
          value: 'outer',
          handled: true,
          level: 'error',
          traceId: order?.traceId,
          spanId: order?.spanId,
          tags: { team: 'checkout' },
          release: 'shop@1.2.3',
          environment: 'test',
          breadcrumbs: [{ message: 'about to fail' }],
          dsc: { trace_id: order?.traceId },
        },
      ]);
    });

    test('has messages as errors without a type', () => {
      expect(sink.errors({ type: undefined }).map(({ value, level }) => [value, level])).toEqual([
        ['just saying', 'warning'],
        ['with attachment', 'info'],
      ]);
    });

    test('has the log and the metrics on the active span', () => {
      const [order] = sink.spans({ name: 'handle order' });
      const active = { source: 'sentry', traceId: order?.traceId, spanId: order?.spanId };
      expect(sink.logs).toMatchObject([
        {
          ...active,
          level: 'info',
          severityNumber: 9,
          body: 'order packed',
          attributes: { order: 12, express: true },
        },
      ]);
      expect(sink.metrics).toMatchObject([
        { ...active, name: 'orders', type: 'counter', value: 2, attributes: { queue: 'a' } },
        { ...active, name: 'depth', type: 'gauge', value: 42 },
        { ...active, name: 'latency', type: 'distribution', value: 12.5, unit: 'millisecond' },
      ]);
    });

    test('has the report of what beforeSend dropped', () => {
      expect(sink.clientReports.map((report) => report.discarded)).toEqual([
        [{ reason: 'before_send', category: 'error', quantity: 1 }],
      ]);
    });

    test('has sessions, check-ins and attachments with their payload', () => {
      const item = (type: string) => sink.items.find((candidate) => candidate.type === type);
      expect(item('session')?.payload).toMatchObject({ status: 'ok', errors: 1 });
      expect(item('check_in')?.payload).toMatchObject({ monitor_slug: 'nightly' });
      expect(item('attachment')).toMatchObject({
        header: { filename: 'note.bin' },
        payload: Buffer.of(0, 10, 255),
      });
    });
  },
);
