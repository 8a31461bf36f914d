import { SpanKind, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { withMessageContext } from '../../../../src/messaging/helpers.ts';
import type { ReceivedMessage } from '../../../../src/messaging/message.ts';
import { startBatchProcessing } from '../../../../src/messaging/processing.ts';
import { configureMessaging, rememberReceived } from '../../../../src/messaging/runtime.ts';
import { HOSTILE_HEADERS, linked, S, T, TRACEPARENT, useTelemetry } from './telemetry.ts';

const telemetry = useTelemetry();
const destination = { name: 'orders' };
const id = (number: number, digits: number) => (number + 1).toString(16).padStart(digits, '0');

/** From the span with that number, each in a trace of its own. */
const message = (number: number): ReceivedMessage => ({
  system: 'kafka',
  destination,
  headers: { traceparent: `00-${id(number, 32)}-${id(number, 16)}-01` },
});
const numbered = (count: number) => Array.from({ length: count }, (_, number) => message(number));

function handle<Result>(messages: ReceivedMessage[], handler: () => Result): Result {
  const processing = startBatchProcessing(telemetry.tracer, {
    system: 'kafka',
    destination,
    messages,
    attributes: { 'messaging.destination.partition.id': '3' },
    obsoleteAttributes: { 'messaging.destination': 'orders' },
  });
  return processing.run(handler, () => processing.end());
}

describe('a batch', () => {
  it('has one span in a trace of its own, whatever is active, linked to all that sent it', () => {
    telemetry.tracer.startActiveSpan('poll', () => handle(numbered(3), () => undefined));
    expect(telemetry.span()).toMatchObject({
      name: 'process orders',
      kind: SpanKind.CONSUMER,
      attributes: { 'messaging.batch.message_count': 3, 'messaging.destination.partition.id': '3' },
    });
    expect(telemetry.span().parentSpanContext).toBeUndefined();
    expect(linked(telemetry.span())).toEqual([0, 1, 2].map((number) => id(number, 16)));
  });

  it('links a span once, however many messages it sent, and nothing for messages without one', () => {
    const none = { ...message(0), headers: {} };
    handle([message(0), message(1), none, message(0), message(1)], () => undefined);
    expect(linked(telemetry.span())).toEqual([id(0, 16), id(1, 16)]);
    expect(telemetry.span().attributes['messaging.batch.message_count']).toBe(5);
  });

  it('of more than 128 traces links the last 128 and records how many it dropped', () => {
    handle(numbered(200), () => undefined);
    const { links, droppedLinksCount } = telemetry.span();
    expect([links.length, droppedLinksCount]).toEqual([128, 72]);
    expect(linked(telemetry.span()).at(-1)).toBe(id(199, 16));
  });

  it.each(HOSTILE_HEADERS)('links the others where one has %s', (_title, headers) => {
    handle([message(0), { ...message(1), headers }, message(2)], () => undefined);
    expect(linked(telemetry.span())).toEqual([id(0, 16), id(2, 16)]);
  });

  it('of one message is handled as that message', () => {
    configureMessaging({ obsoleteAttributes: true });
    handle([{ ...message(0), id: 'm1' }], () => undefined);
    expect(telemetry.span()).toMatchObject({
      parentSpanContext: { spanId: id(0, 16) },
      links: [],
      attributes: {
        'messaging.message.id': 'm1',
        'messaging.batch.message_count': 1,
        'messaging.destination.partition.id': '3',
        'messaging.destination': 'orders',
      },
    });
  });
});

describe('one message of a batch', () => {
  it('is handled in its own trace, linked to the batch', () => {
    const delivered = { value: 'as the client gave it' };
    rememberReceived(delivered, message(7));
    const seen = handle(numbered(2), () =>
      withMessageContext(delivered, () => trace.getActiveSpan()?.spanContext()),
    );
    const [one, batch] = telemetry.spans();
    expect(one).toMatchObject({
      name: 'process orders',
      kind: SpanKind.CONSUMER,
      parentSpanContext: { traceId: id(7, 32), spanId: id(7, 16) },
    });
    expect(one?.spanContext()).toEqual(seen);
    expect(one && linked(one)).toEqual([batch?.spanContext().spanId]);
  });

  it.each([
    ['by its description', { system: 'sqs', destination: 'orders', headers: { traceparent: TRACEPARENT } }],
  ])('of another client is known %s', (_title, description) => {
    withMessageContext(description, () => undefined);
    expect(telemetry.span().parentSpanContext).toMatchObject({ traceId: T, spanId: S });
  });

  it.each([
    ['an object that no client delivered', {}],
    ['null, by which amqplib tells that a consumer was cancelled', null],
    ['a proxy that refuses everything', HOSTILE_HEADERS[1]?.[1]],
  ])('that is %s is handled without a span', (_title, given) => {
    const handled = withMessageContext(given as object, () => 'handled'); // not every application is type-checked
    expect(handled).toBe('handled');
    expect(telemetry.spans()).toEqual([]);
  });
});
