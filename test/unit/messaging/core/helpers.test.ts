import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  consumeWithTrace,
  type MessageToConsume,
  publishWithTrace,
  withMessageContext,
} from '../../../../src/messaging/helpers.ts';
import { messagingCounters } from '../../../../src/messaging/runtime.ts';
import { linked, S, T, TRACEPARENT, traceparentOf, useTelemetry } from './telemetry.ts';

const jobs = { system: 'redis', destination: 'jobs' };

describe('the helpers', () => {
  const telemetry = useTelemetry();

  it('take a message through a queue', async () => {
    const queue: string[] = [];
    const length = publishWithTrace(
      { ...jobs, id: 'm1', operation: 'lpush', headers: { shop: 'berlin' } },
      (headers) => {
        expect(headers.shop).toBe('berlin');
        return queue.push(JSON.stringify(headers));
      },
    );
    const headers = JSON.parse(queue.pop() ?? '');
    const done = await consumeWithTrace({ ...jobs, headers, retryCount: 1 }, async () => 'done');
    const [sent, handled] = telemetry.spans();
    expect([length, done]).toEqual([1, 'done']);
    expect(sent).toMatchObject({
      name: 'lpush jobs',
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.system': 'redis',
        'messaging.operation.type': 'send',
        'messaging.message.id': 'm1',
      },
    });
    expect(handled).toMatchObject({
      name: 'process jobs',
      kind: SpanKind.CONSUMER,
      parentSpanContext: { spanId: sent?.spanContext().spanId },
      attributes: { 'messaging.message.retry.count': 1 },
    });
    expect(handled?.attributes['messaging.message.receive.latency']).toEqual(expect.any(Number));
  });

  it('have the span active while the message is sent', () => {
    const seen = publishWithTrace(jobs, () => trace.getActiveSpan()?.spanContext());
    expect(seen).toEqual(telemetry.span().spanContext());
  });

  it.each([
    ['throws', () => publishWithTrace(jobs, () => fail())],
    ['rejects', () => publishWithTrace(jobs, async () => fail())],
    ['fails to handle', () => consumeWithTrace(jobs, async () => fail())],
  ])('fail the span of an application that %s, and give it its error', async (_title, run) => {
    await expect(async () => await run()).rejects.toBe(REASON);
    expect(telemetry.span().status).toEqual({ code: SpanStatusCode.ERROR, message: 'full' });
  });

  it('handle a list as a batch, and one of it in its own trace', () => {
    const messages = [1, 2].map((number) => ({
      ...jobs,
      headers: { traceparent: `00-${T}-${'0'.repeat(15)}${number}-01` },
    }));
    consumeWithTrace(messages, () =>
      withMessageContext({ ...jobs, headers: { traceparent: TRACEPARENT } }, noop),
    );
    const [one, batch] = telemetry.spans();
    expect(batch && linked(batch)).toEqual(['0000000000000001', '0000000000000002']);
    expect(one?.parentSpanContext?.spanId).toBe(S);
    expect(one && linked(one)).toEqual([batch?.spanContext().spanId]);
  });

  it('link the message that is handled to a batch only, not to a message that is just sent', () => {
    publishWithTrace(jobs, () => withMessageContext({ ...jobs, headers: {} }, noop));
    expect(telemetry.spans()[0]).toMatchObject({ kind: SpanKind.CONSUMER, links: [] });
  });

  it('make one span where they wrap each other', () => {
    const headers = publishWithTrace(jobs, (outer) =>
      publishWithTrace({ ...jobs, headers: outer }, (inner) => inner),
    );
    expect(headers.traceparent).toBe(traceparentOf(telemetry.span()));
  });

  it('make no spans where tracing is suppressed', () => {
    const headers = { traceparent: TRACEPARENT };
    const sent = context.with(suppressTracing(context.active()), () => {
      consumeWithTrace({ ...jobs, headers }, noop);
      withMessageContext({ ...jobs, headers }, noop);
      return publishWithTrace({ ...jobs, headers }, (outgoing) => outgoing);
    });
    expect(sent).toEqual(headers);
    expect(telemetry.spans()).toEqual([]);
  });

  it('handle an empty list without a span', () => {
    expect(consumeWithTrace([], () => 'nothing to do')).toBe('nothing to do');
    expect(telemetry.spans()).toEqual([]);
  });

  // Not every application is type-checked.
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no destination', { system: 'redis' }],
    ['a number', 7],
    [
      'an accessor that throws',
      Object.defineProperty({}, 'destination', { enumerable: true, get: () => fail() }),
    ],
  ])('do their work without a span for a description that is %s', (_title, description) => {
    const before = messagingCounters.internalErrors;
    const message = description as MessageToConsume & { headers?: undefined };
    let calls = 0;
    const count = () => ++calls;
    expect([publishWithTrace(message, count), consumeWithTrace(message, count)]).toEqual([1, 2]);
    expect(messagingCounters.internalErrors).toBeGreaterThan(before);
    expect(telemetry.spans()).toEqual([]);
  });
});

describe('the helpers in a process without telemetry', () => {
  useTelemetry();
  // After it has registered what this describes the lack of.
  beforeEach(() => {
    trace.disable();
    context.disable();
    propagation.disable();
  });

  it('pass everything through as it is', async () => {
    const headers = Object.freeze({
      traceparent: TRACEPARENT,
      'sentry-task-enqueued-time': '1',
      shop: 'berlin',
    });
    expect(publishWithTrace({ ...jobs, headers }, (outgoing) => ({ ...outgoing }))).toEqual(headers);
    expect(await consumeWithTrace({ ...jobs, headers }, async () => 'handled')).toBe('handled');
    expect(consumeWithTrace([{ ...jobs, headers }, jobs], () => 'batch')).toBe('batch');
    expect(withMessageContext({ ...jobs, headers }, () => 'one')).toBe('one');
    expect(() => consumeWithTrace(jobs, () => fail())).toThrow(REASON);
  });
});

const REASON = new Error('full');

function fail(): never {
  throw REASON;
}

function noop(): void {}
