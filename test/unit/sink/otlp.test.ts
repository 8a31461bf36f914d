import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runApp } from '../../support/process.ts';
import { type Sink, startSink } from '../../support/sink/index.ts';

const APP = fileURLToPath(new URL('fixtures/otel-app.ts', import.meta.url));

describe.each([
  { protocol: 'http/protobuf', compression: 'none' },
  { protocol: 'http/protobuf', compression: 'gzip' },
  { protocol: 'http/json', compression: 'none' },
  { protocol: 'http/json', compression: 'gzip' },
])(
  'what the OpenTelemetry SDK exports over $protocol, compression $compression',
  ({ protocol, compression }) => {
    let sink: Sink;

    beforeAll(async () => {
      sink = await startSink();
      await using app = runApp({
        entry: APP,
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_COMPRESSION: compression,
          OTEL_SERVICE_NAME: 'orders',
          OTEL_RESOURCE_ATTRIBUTES: 'team=checkout',
          OTEL_LOG_LEVEL: 'error',
        },
      });
      const { stdout, stderr } = await app.succeeded();
      // The exporters complain here where they can't read the answer.
      expect(stdout + stderr).toBe('');
    });
    afterAll(() => sink.close());

    test('is all valid and comes as it was configured', () => {
      expect(sink.invalid).toEqual([]);
      expect(sink.requests.map(({ path, outcome }) => `${path} ${outcome}`).sort()).toEqual([
        '/v1/logs 200',
        '/v1/metrics 200',
        '/v1/traces 200',
      ]);
      for (const { headers } of sink.requests) {
        expect(headers['content-type']).toBe(
          protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
        );
        expect(headers['content-encoding']).toBe(compression === 'gzip' ? 'gzip' : undefined);
      }
    });

    test('has a server span with its remote parent, attributes, links and events', () => {
      const [server] = sink.spans({ name: 'GET /orders/:id' });
      expect(server).toMatchObject({
        source: 'otlp',
        format: 'otlp',
        traceId: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
        parentSpanId: 'bbbbbbbbbbbbbbbb',
        kind: 'server',
        startTime: Date.parse('2026-11-21T10:00:00.123Z'),
        endTime: Date.parse('2026-11-21T10:00:00.373Z') + 0.5,
        status: 'unset',
        statusMessage: undefined,
        service: 'orders',
        resource: { 'service.name': 'orders', team: 'checkout' },
        isSegment: true,
        dsc: undefined,
      });
      expect(server?.attributes).toEqual({
        text: 'zażółć 🦊',
        whole: -7,
        big: 2 ** 40,
        part: 0.5,
        yes: true,
        no: false,
        empty: '',
        list: ['a', 'b'],
      });
      const traceId = 'cccccccccccccccccccccccccccccccc';
      expect(server?.links).toEqual([
        { traceId, spanId: 'dddddddddddddddd', attributes: { reason: 'previous delivery' }, sampled: true },
        { traceId, spanId: 'eeeeeeeeeeeeeeee', attributes: {}, sampled: false },
      ]);
      expect(server?.events).toEqual([
        { name: 'retry', time: Date.parse('2026-11-21T10:00:00.133Z'), attributes: { attempt: 2 } },
      ]);
    });

    test('has a failed producer span below it', () => {
      const [server] = sink.spans({ kind: 'server' });
      expect(sink.spans({ kind: 'producer' })).toMatchObject([
        {
          name: 'send orders',
          traceId: server?.traceId,
          parentSpanId: server?.spanId,
          status: 'error',
          statusMessage: 'broker gone',
          isSegment: false,
        },
      ]);
    });

    test('has a log with its structured body, on the active span', () => {
      const [server] = sink.spans({ kind: 'server' });
      expect(sink.logs).toMatchObject([
        {
          source: 'otlp',
          level: 'WARN',
          severityNumber: 13,
          body: { order: 12, items: ['x', 'y'] },
          traceId: server?.traceId,
          spanId: server?.spanId,
          attributes: { 'log.key': 'value' },
          service: 'orders',
        },
      ]);
    });

    test('has every kind of metric', () => {
      const measured = sink.metrics.map(({ name, type, value, count, unit, attributes }) => {
        return { name, type, value, count, unit, attributes };
      });
      expect(measured.sort((a, b) => a.name.localeCompare(b.name))).toEqual([
        { name: 'depth', type: 'gauge', value: 42, count: 1, unit: '{message}', attributes: {} },
        { name: 'latency', type: 'histogram', value: 40, count: 2, unit: 'ms', attributes: {} },
        { name: 'open', type: 'sum', value: -1.5, count: 1, unit: undefined, attributes: {} },
        { name: 'orders', type: 'sum', value: 3, count: 1, unit: undefined, attributes: { queue: 'a' } },
        {
          name: 'payload',
          type: 'exponentialHistogram',
          value: 100,
          count: 1,
          unit: undefined,
          attributes: {},
        },
      ]);
    });
  },
);
