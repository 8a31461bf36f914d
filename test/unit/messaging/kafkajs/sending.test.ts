import { context, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { keepTraceContext } from '../../../../src/messaging/headers.ts';
import { type SendCall, startSending } from '../../../../src/messaging/kafkajs/sending.ts';
import { HOSTILE_HEADERS, linked, S, TRACEPARENT, traceparentOf, useTelemetry } from '../core/telemetry.ts';

describe('a call that sends Kafka messages', () => {
  const telemetry = useTelemetry();
  const client = {
    id: 'shop',
    isEnabled: () => true,
    get tracer() {
      return telemetry.tracer;
    },
  };
  const record = (count: number, topic = 'orders') => ({
    topic,
    messages: Array.from({ length: count }, (_, index): Message => ({ value: `${index}` })),
  });
  const end = (call: SendCall, value: unknown = []) =>
    call.end({ value }, (publication, outcome) => publication.end(outcome));
  const traceparents = (call: SendCall) =>
    call.topics.flatMap(({ messages }) => messages.map(({ headers }) => headers?.traceparent));

  it('has a span for each of 128 messages', () => {
    const call = startSending(client, [record(128)]);
    end(call);

    expect(telemetry.spans()).toHaveLength(128);
    expect(traceparents(call)).toEqual(telemetry.spans().map(traceparentOf));
  });

  it('has one span for 129 messages of a topic, and its context on all of them', () => {
    const call = startSending(client, [record(100), record(1, 'bills'), record(29)]);
    end(call);

    const [orders, bills] = telemetry.spans();
    expect(telemetry.spans()).toHaveLength(2);
    expect(orders?.attributes).toMatchObject({
      'messaging.destination.name': 'orders',
      'messaging.batch.message_count': 129,
    });
    expect(bills?.attributes).not.toHaveProperty(['messaging.batch.message_count']);
    const counts = Object.entries(Object.groupBy(traceparents(call), String)).map(([traceparent, all]) => [
      traceparent,
      all?.length,
    ]);
    expect(new Map(counts as [string, number][])).toEqual(
      new Map([orders, bills].map((span, index) => [span && traceparentOf(span), index === 0 ? 129 : 1])),
    );
  });

  it('links the one span to the contexts it replaces, once each, and leaves those that are meant to stay', () => {
    const other = TRACEPARENT.replace(S, '00f067aa0ba902b7');
    const { topic, messages } = record(130);
    const stale = messages.map((message, index) =>
      index === 1 || index === 2
        ? { ...message, headers: { traceparent: TRACEPARENT } }
        : index === 3
          ? { ...message, headers: keepTraceContext({ traceparent: other }) }
          : message,
    );
    const call = startSending(client, [{ topic, messages: stale }]);
    end(call);

    const span = telemetry.span();
    expect(linked(span)).toEqual([S, '00f067aa0ba902b7']);
    expect(traceparents(call).slice(1, 4)).toEqual([traceparentOf(span), traceparentOf(span), other]);
    expect(stale[1]?.headers).toEqual({ traceparent: TRACEPARENT });
  });

  it('tells each message its offset, over all entries of a topic', () => {
    const call = startSending(client, [record(2), record(1)]);
    end(call, [{ topicName: 'orders', partition: 0, errorCode: 0, baseOffset: '7' }]);

    expect(telemetry.spans().map(({ attributes }) => attributes['messaging.kafka.offset'])).toEqual([
      7, 8, 9,
    ]);
  });

  it('sends what the application passed where kafkajs is going to refuse it', () => {
    const topics = [{ topic: 'orders', messages: [{ value: 'paid' }, { key: 'no value' } as Message] }];
    const call = startSending(client, topics);
    call.end({ failure: { error: new TypeError('no value') } }, (publication, outcome) =>
      publication.end(outcome),
    );

    expect(call.topics).toBe(topics);
    expect(telemetry.spans().map(({ attributes }) => attributes['error.type'])).toEqual([
      'TypeError',
      'TypeError',
    ]);
  });

  it.each([1, 200])('leaves %i messages alone where tracing is suppressed', (count) => {
    const topics = [record(count)];
    const call = context.with(suppressTracing(context.active()), () => startSending(client, topics));
    end(call);

    expect(call.topics).toEqual(topics);
    expect(telemetry.spans()).toEqual([]);
  });

  it.each(HOSTILE_HEADERS)(
    'sends a message with %s as it is, and the others with their contexts',
    (_, headers) => {
      const { topic, messages } = record(130);
      const hostile = { value: 'hostile', headers } as Message;
      const call = startSending(client, [{ topic, messages: messages.with(1, hostile) }]);
      end(call);

      const traceparent = traceparentOf(telemetry.span());
      expect(call.topics[0]?.messages[1]).toBe(hostile);
      expect([0, 2, 129].map((index) => call.topics[0]?.messages[index]?.headers?.traceparent)).toEqual(
        Array(3).fill(traceparent),
      );
    },
  );

  it('runs nothing of the application in its spans', () => {
    telemetry.tracer.startActiveSpan('request', (request) => {
      startSending(client, [record(1)]);

      expect(trace.getActiveSpan()).toBe(request);
    });
  });
});
