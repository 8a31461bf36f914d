import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, it } from 'vitest';
import { consumeWithTrace } from '../../../../src/messaging/helpers.ts';
import { standInForOthers } from '../../../../src/messaging/other-instrumentations.ts';
import { linked, S, TRACEPARENT, useTelemetry } from './telemetry.ts';

const telemetry = useTelemetry();
beforeEach(() => standInForOthers(['amqplib']));

const OTHER = '@opentelemetry/instrumentation-amqplib';
const other = () => trace.getTracer(OTHER, '0.71.0');
const handle = (handler: () => unknown) =>
  consumeWithTrace(
    { system: 'rabbitmq', destination: 'orders', headers: { traceparent: TRACEPARENT } },
    handler,
  );

describe('another instrumentation of a client that ours traces', () => {
  it('makes no span of a message that is sent, and injects nothing', () => {
    telemetry.tracer.startActiveSpan('request', (request) => {
      const span = other().startSpan('publish', { kind: SpanKind.PRODUCER });
      const active = trace.setSpan(context.active(), span);
      const headers = {};
      propagation.inject(active, headers);
      expect(headers).toEqual({});
      telemetry.tracer.startSpan('below', {}, active).end();
      span.end();
      expect(telemetry.span().parentSpanContext).toEqual(request.spanContext());
    });
  });

  it('has the span of the message that is handled, and neither ends nor names it', () => {
    handle(() => {
      const span = other().startSpan('orders process', { kind: SpanKind.CONSUMER });
      span.setAttribute('a', 1).setAttributes({ b: 2 }).updateName('theirs').addEvent('seen');
      span.addLink({ context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 } });
      span.recordException(new Error('noted'));
      span.end();
      expect(telemetry.spans()).toEqual([]);
      expect(span.spanContext()).toEqual(trace.getActiveSpan()?.spanContext());
      expect(span.isRecording()).toBe(true);
    });
    expect(telemetry.span()).toMatchObject({
      name: 'process orders',
      parentSpanContext: { spanId: S },
      attributes: { a: 1, b: 2 },
      events: [{ name: 'seen' }, { name: 'exception' }],
    });
    expect(linked(telemetry.span())).toEqual(['2'.repeat(16)]);
  });

  it('fails that span, but for a settlement, which ours knows better', () => {
    handle(() => {
      const span = other().startSpan('process');
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'nack called on message with requeue' });
    });
    expect(telemetry.span().status.code).toBe(SpanStatusCode.UNSET);
    handle(() => other().startSpan('process').setStatus({ code: SpanStatusCode.ERROR, message: 'no stock' }));
    expect(telemetry.spans()[1]?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no stock' });
  });

  it('finds its span active, however it asks for it', () => {
    const tracer = other();
    handle(() => {
      const running = trace.getActiveSpan()?.spanContext();
      const isActive = (span: Span) => [span, trace.getActiveSpan()].map((one) => one?.spanContext());
      expect(tracer.startActiveSpan('a', isActive)).toEqual([running, running]);
      expect(tracer.startActiveSpan('a', { kind: SpanKind.CONSUMER }, isActive)).toEqual([running, running]);
      expect(tracer.startActiveSpan('a', {}, context.active(), isActive)).toEqual([running, running]);
    });
  });
});

it.each(['@sentry/instrumentation-amqplib', 'instrumentation-amqplib'])('%s is one, too', (name) => {
  trace.getTracer(name).startSpan('publish', { kind: SpanKind.PRODUCER }).end();
  expect(telemetry.spans()).toEqual([]);
});

it.each(['@opentelemetry/instrumentation-kafkajs', 'amqplib', `${OTHER}-of-ours`])(
  '%s makes its spans as before',
  (name) => {
    trace.getTracer(name).startSpan('a span').end();
    expect(telemetry.span().name).toBe('a span');
  },
);
