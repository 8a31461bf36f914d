import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { suppressTracing, W3CTraceContextPropagator } from '@opentelemetry/core';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../../../../src/messaging/message.ts';
import { startPublication } from '../../../../src/messaging/publication.ts';
import { configureMessaging, messagingCounters } from '../../../../src/messaging/runtime.ts';
import { HOSTILE_HEADERS, linked, S, T, TRACEPARENT, traceparentOf, useTelemetry } from './telemetry.ts';

const message = (headers?: OutgoingMessage['headers'], more: Partial<OutgoingMessage> = {}) => ({
  system: 'kafka',
  operation: 'send',
  destination: { name: 'orders' },
  headers,
  ...more,
});

describe('a message that is sent', () => {
  const telemetry = useTelemetry();
  const publish = (...given: Parameters<typeof message>) =>
    startPublication(telemetry.tracer, message(...given));

  it('has a producer span below what is active', () => {
    telemetry.tracer.startActiveSpan('request', (request) => {
      publish().end();
      expect(telemetry.span()).toMatchObject({
        name: 'send orders',
        kind: SpanKind.PRODUCER,
        parentSpanContext: request.spanContext(),
        attributes: {
          'messaging.system': 'kafka',
          'messaging.operation.name': 'send',
          'messaging.operation.type': 'send',
          'messaging.destination.name': 'orders',
        },
      });
    });
  });

  it('carries the context of that span, and when it was sent', () => {
    const before = Date.now() / 1000;
    const { headers, end } = publish({ shop: 'berlin' });
    end();
    const traceparent = traceparentOf(telemetry.span());
    expect(headers).toEqual({
      shop: 'berlin',
      traceparent,
      'sentry-trace': traceparent.slice(3, 52),
      'sentry-task-enqueued-time': expect.any(String),
    });
    expect(Number(headers?.['sentry-task-enqueued-time'])).toBeGreaterThanOrEqual(before);
  });

  it('says what is known of it', () => {
    const { headers, end } = publish(
      { a: 'four', b: [Buffer.alloc(10), 7] },
      {
        id: 'm1',
        conversationId: 'c1',
        bodySize: 100,
        batchSize: 3,
        attributes: { 'messaging.client.id': 'x' },
      },
    );
    end();
    const ours = Object.entries(headers ?? {}).filter(([key]) => key.length > 1);
    const written = ours.map(([key, value]) => `${key}${value}`).join('').length;
    expect(telemetry.span().attributes).toMatchObject({
      'messaging.message.id': 'm1',
      'messaging.message.conversation_id': 'c1',
      'messaging.message.body.size': 100,
      'messaging.message.envelope.size': 100 + (1 + 4) + (1 + 10 + 8) + written,
      'messaging.batch.message_count': 3,
      'messaging.client.id': 'x',
    });
  });

  it.each([true, false])('carries obsolete attributes only where they are asked for (%s)', (asked) => {
    configureMessaging({ obsoleteAttributes: asked });
    publish({}, { obsoleteAttributes: { 'messaging.destination': 'orders' } }).end();
    expect('messaging.destination' in telemetry.span().attributes).toBe(asked);
  });

  it('links what an earlier delivery left on it, and replaces that as a whole', () => {
    const stale = {
      TraceParent: TRACEPARENT,
      tracestate: 'old=1',
      'sentry-trace': `${T}-${S}-0`,
      'sentry-task-enqueued-time': '1',
      baggage: `sentry-trace_id=${T},town=berlin`,
    };
    const { headers, end } = publish(stale);
    end();
    expect(linked(telemetry.span())).toEqual([S]);
    const text = JSON.stringify(headers);
    for (const old of [T, S, 'old=1', 'TraceParent', '"1"']) expect(text).not.toContain(old);
    expect(headers?.baggage).toBe('town=berlin');
  });

  it('is told by its template where the destination has a generated name', () => {
    publish({}, { destination: { name: 'amq.gen-x1', template: 'amq.gen-*', temporary: true } }).end();
    expect(telemetry.span()).toMatchObject({
      name: 'send amq.gen-*',
      attributes: {
        'messaging.destination.name': 'amq.gen-x1',
        'messaging.destination.template': 'amq.gen-*',
        'messaging.destination.temporary': true,
      },
    });
  });

  it('ends once, as it ended first', () => {
    const { end } = publish();
    end({ errorType: 'nack' });
    end();
    expect(telemetry.span()).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'nack' },
    });
  });

  it('goes out untouched, without a span, where tracing is suppressed', () => {
    const headers = { traceparent: TRACEPARENT };
    const publication = context.with(suppressTracing(context.active()), () => publish(headers));
    publication.end();
    expect(publication).toMatchObject({ headers: { traceparent: TRACEPARENT }, span: undefined });
    expect(publication.headers).toBe(headers);
    expect(telemetry.spans()).toEqual([]);
  });

  it.each(HOSTILE_HEADERS)('goes out as it is with %s', (_title, headers) => {
    const before = messagingCounters.internalErrors;
    const publication = publish(headers);
    publication.end();
    expect(publication.headers).toBe(headers);
    expect(messagingCounters.internalErrors).toBeGreaterThan(before);
  });

  it('is sent with its span where a propagator throws', () => {
    propagation.disable();
    propagation.setGlobalPropagator({
      inject: () => {
        throw new Error('broken');
      },
      extract: () => {
        throw new Error('broken');
      },
      fields: () => ['traceparent'],
    });
    const { headers, end } = publish({ shop: 'berlin', traceparent: TRACEPARENT });
    end();
    expect(headers).toEqual({ shop: 'berlin' });
    expect(telemetry.span().name).toBe('send orders');
  });
});

describe('a message that is sent unsampled', () => {
  const telemetry = useTelemetry({ sampler: new AlwaysOffSampler() });

  it('carries that decision', () => {
    const { headers, context: active, end } = startPublication(telemetry.tracer, message());
    end({ error: new Error('refused') });
    const { traceId, spanId } = trace.getSpanContext(active) ?? {};
    expect(headers?.traceparent).toBe(`00-${traceId}-${spanId}-00`);
    expect(telemetry.spans()).toEqual([]);
  });
});

describe("a message that is sent with OpenTelemetry's own propagator", () => {
  const telemetry = useTelemetry({ propagator: new W3CTraceContextPropagator() });

  it('carries what that writes, and nothing of Sentry', () => {
    const { headers, end } = startPublication(telemetry.tracer, message({ Traceparent: TRACEPARENT }));
    end();
    expect(headers).toEqual({ traceparent: traceparentOf(telemetry.span()) });
    expect(linked(telemetry.span())).toEqual([S]);
  });
});
