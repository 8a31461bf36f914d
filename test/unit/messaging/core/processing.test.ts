import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  CompositePropagator,
  suppressTracing,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../../../src/messaging/message.ts';
import { type ProcessingOptions, startProcessing } from '../../../../src/messaging/processing.ts';
import { configureMessaging, messagingCounters } from '../../../../src/messaging/runtime.ts';
import { HOSTILE_HEADERS, linked, S, T, TRACEPARENT, useTelemetry } from './telemetry.ts';

const HOUR = 3_600_000;
const seconds = (ms: number) => String(ms / 1000);

type Headers = ReceivedMessage['headers'];

const message = (headers?: Headers, more: Partial<ReceivedMessage> = {}): ReceivedMessage => ({
  system: 'kafka',
  destination: { name: 'orders' },
  headers,
  ...more,
});

const telemetry = useTelemetry();

/** Handles a message and tells what its handler saw. */
function handle(headers?: Headers, more: Partial<ReceivedMessage> = {}, options?: ProcessingOptions) {
  const processing = startProcessing(telemetry.tracer, message(headers, more), options);
  const seen = processing.run(
    () => ({ span: trace.getActiveSpan()?.spanContext(), baggage: propagation.getActiveBaggage() }),
    () => processing.end(),
  );
  return { ...seen, town: seen.baggage?.getEntry('town')?.value };
}

describe('a message that is handled', () => {
  it('has a consumer span below the span that sent it, active in the handler', () => {
    const { span, town } = handle({ traceparent: TRACEPARENT, baggage: 'town=berlin' });
    expect(telemetry.span()).toMatchObject({
      name: 'process orders',
      kind: SpanKind.CONSUMER,
      parentSpanContext: { traceId: T, spanId: S, isRemote: true },
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'orders',
      },
    });
    expect(span).toEqual(telemetry.span().spanContext());
    expect(town).toBe('berlin');
  });

  it.each([
    ['nothing of a trace', {}],
    ['no headers', undefined],
    ['a broken trace', { traceparent: '00-0-0-01' }],
  ])('with %s starts one, whatever is active', (_title, headers) => {
    telemetry.tracer.startActiveSpan('poll', (poll) => {
      handle(headers);
      const { parentSpanContext, spanContext } = telemetry.span();
      expect(parentSpanContext).toBeUndefined();
      expect(spanContext.call(telemetry.span()).traceId).not.toBe(poll.spanContext().traceId);
    });
  });

  it.each([
    ['B3', { b3: `${T}-${S}-1` }],
    ['Datadog', { 'x-datadog-trace-id': '1', 'x-datadog-parent-id': BigInt(`0x${S}`).toString() }],
    ['MassTransit', { 'MT-Activity-Id': Buffer.from(TRACEPARENT) }],
  ])('from a producer traced by %s is its child', (_title, headers) => {
    handle(headers);
    expect(telemetry.span().parentSpanContext?.spanId).toBe(S);
  });

  it('prefers our headers to those of other systems', () => {
    handle({ traceparent: TRACEPARENT, b3: `${'1'.repeat(32)}-${'2'.repeat(16)}-1` });
    expect(telemetry.span().parentSpanContext?.traceId).toBe(T);
  });

  it('older than the maximum age has a new trace, linked to its own, and keeps its baggage', () => {
    const { town } = handle({
      traceparent: TRACEPARENT,
      baggage: 'town=berlin',
      'sentry-task-enqueued-time': seconds(Date.now() - HOUR - 1000),
    });
    expect(telemetry.span().parentSpanContext).toBeUndefined();
    expect(linked(telemetry.span())).toEqual([S]);
    expect(town).toBe('berlin');
  });

  it.each([
    ['younger than the maximum age', HOUR - 10_000, HOUR],
    ['of an age that the application allows', 30 * 24 * HOUR, 31 * 24 * HOUR],
  ])('%s goes on in its trace', (_title, age, maxAgeMs) => {
    configureMessaging({ maxAgeMs });
    handle({ traceparent: TRACEPARENT }, { sentAt: Date.now() - age });
    expect(telemetry.span()).toMatchObject({ parentSpanContext: { spanId: S }, links: [] });
  });

  it('says how long it was on its way and how often it was delivered', () => {
    handle({ 'sentry-task-enqueued-time': seconds(Date.now() - 1500) }, { retryCount: 2, id: 'm1' });
    const { attributes } = telemetry.span();
    expect(attributes).toMatchObject({ 'messaging.message.retry.count': 2, 'messaging.message.id': 'm1' });
    expect(attributes['messaging.message.receive.latency']).toBeGreaterThanOrEqual(1499);
    expect(attributes['messaging.message.receive.latency']).toBeLessThan(2500);
  });

  it('says nothing of what its client told wrong', () => {
    handle({}, { retryCount: Number.NaN, sentAt: Number.NaN });
    expect(Object.keys(telemetry.span().attributes)).not.toContain('messaging.message.retry.count');
    expect(Object.keys(telemetry.span().attributes)).not.toContain('messaging.message.receive.latency');
  });

  it('that replies to a request goes on in the context of the request, and links the reply', () => {
    const request = telemetry.tracer.startSpan('request');
    handle({ traceparent: TRACEPARENT }, {}, { requester: trace.setSpan(ROOT_CONTEXT, request) });
    expect(telemetry.span().parentSpanContext).toEqual(request.spanContext());
    expect(linked(telemetry.span())).toEqual([S]);
  });

  it.each(HOSTILE_HEADERS)('with %s is handled in a trace of its own', (_title, headers) => {
    const { span } = handle(headers);
    expect(span).toEqual(telemetry.span().spanContext());
  });

  it('is handled once without a span where the tracer throws', () => {
    const before = messagingCounters.internalErrors;
    const tracer = { ...telemetry.tracer, startSpan: fail };
    let calls = 0;
    const processing = startProcessing(tracer, message({ traceparent: TRACEPARENT }));
    const result = processing.run(
      () => ++calls,
      () => processing.end(),
    );
    expect([result, calls]).toEqual([1, 1]);
    expect(messagingCounters.internalErrors).toBe(before + 1);
  });

  it('is handled once where the context manager throws', () => {
    const processing = startProcessing(telemetry.tracer, message());
    context.disable();
    context.setGlobalContextManager({
      active: () => ROOT_CONTEXT,
      with: fail,
      bind: (_context, target) => target,
      enable: fail,
      disable() {
        return this;
      },
    });
    let calls = 0;
    processing.run(
      () => ++calls,
      () => processing.end(),
    );
    expect([calls, processing.ended]).toEqual([1, true]);
  });
});

function fail(): never {
  throw new Error('broken telemetry');
}

describe('a handler that fails', () => {
  it('is told of once, in the context of its message, and fails the span', async () => {
    const told: unknown[] = [];
    configureMessaging({
      onHandlerError: (error, info) => told.push([error, info, trace.getActiveSpan()?.spanContext()]),
    });
    const reason = new TypeError('no such order');
    const processing = startProcessing(
      telemetry.tracer,
      message({}, { destination: { name: 'a', template: '*' } }),
    );
    const result = processing.run(
      () => Promise.reject(reason),
      () => processing.end({ errorType: 'reject' }),
    );
    await expect(result).rejects.toBe(reason);
    expect(told).toEqual([[reason, { system: 'kafka', destination: '*' }, telemetry.span().spanContext()]]);
    expect(telemetry.span()).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'no such order' },
      attributes: { 'error.type': 'TypeError' },
      events: [{ name: 'exception' }],
    });
  });

  it('fails the same where those who are told of it fail, too', () => {
    configureMessaging({ onHandlerError: fail });
    const reason = Object.freeze(new Error('frozen'));
    const processing = startProcessing(telemetry.tracer, message());
    const run = () =>
      processing.run(
        () => {
          throw reason;
        },
        () => processing.end(),
      );
    expect(run).toThrow(reason);
    expect(telemetry.span().status.code).toBe(SpanStatusCode.ERROR);
  });
});

describe('a message that is handled unsampled', () => {
  const unsampled = useTelemetry({ sampler: new AlwaysOffSampler() });

  it('is in its trace all the same, and its errors are told', () => {
    const told: unknown[] = [];
    configureMessaging({ onHandlerError: (error) => told.push(error) });
    const processing = startProcessing(unsampled.tracer, message({ traceparent: TRACEPARENT }));
    const run = () =>
      processing.run(
        () => {
          throw trace.getActiveSpan()?.spanContext().traceId;
        },
        () => processing.end(),
      );
    expect(run).toThrow(T);
    expect(told).toEqual([T]);
    expect(unsampled.spans()).toEqual([]);
  });
});

describe("a message that is handled with OpenTelemetry's own propagators", () => {
  useTelemetry({
    propagator: new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  });

  it('goes on in its trace with its baggage, from bytes in any case', () => {
    const { span, town } = handle({ Traceparent: Buffer.from(TRACEPARENT), baggage: 'town=berlin' });
    expect([span?.traceId, town]).toEqual([T, 'berlin']);
  });
});

it('is handled within a suppressed context as anywhere: what is active where a client runs says nothing', () => {
  context.with(suppressTracing(context.active()), () => handle({ traceparent: TRACEPARENT }));
  expect(telemetry.span().parentSpanContext?.spanId).toBe(S);
});
