import { type Attributes, context, type Span, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { consumeWithTrace, type MessageToConsume } from '../../../src/messaging/helpers.ts';
import { setTracedClients } from '../../../src/messaging/runtime.ts';
import { queueStandIn, withinProcessing } from '../../../src/sentry/queue-stand-ins.ts';
import { S, T, TRACEPARENT, useTelemetry } from '../messaging/core/telemetry.ts';

const telemetry = useTelemetry();
afterEach(() => setTracedClients([]));

const PROCESS = { 'sentry.op': 'queue.process' };
const message = { system: 'kafka', destination: 'orders', headers: { traceparent: TRACEPARENT } };

/** What takes the place of such spans in the handler of a message, one after the other, and what is active there. */
function standInsIn(messages: MessageToConsume | MessageToConsume[], ...spans: Attributes[]) {
  let running: Span | undefined;
  const standIns = consumeWithTrace(messages, () => {
    running = trace.getActiveSpan();
    return spans.map((attributes) => queueStandIn(attributes, context.active()));
  });
  return { standIns, running };
}

/** As `Sentry.continueTrace` makes it. */
const continued = (spanId: string) =>
  trace.setSpanContext(context.active(), { traceId: T, spanId, traceFlags: 1, isRemote: true });

describe('a span with the op queue.process, made by hand in the handler of a message', () => {
  it('is the span of that message', () => {
    const { standIns, running } = standInsIn(message, PROCESS);
    expect(standIns).toEqual([running]);
  });

  it('is that also where it continues the trace of the message', () => {
    consumeWithTrace(message, () => {
      expect(queueStandIn(PROCESS, continued(S))).toBe(trace.getActiveSpan());
    });
  });

  it.each<[string, MessageToConsume | MessageToConsume[], Attributes]>([
    ['of another messaging system', message, { ...PROCESS, 'messaging.system': 'redis' }],
    ['of one message of a batch', [message, message], PROCESS],
    ['with another op', message, { 'sentry.op': 'queue.publish' }],
  ])('is one of its own %s', (_title, messages, attributes) => {
    expect(standInsIn(messages, attributes).standIns).toEqual([undefined]);
  });

  it('is one of its own where it is not the first', () => {
    const { standIns, running } = standInsIn(message, PROCESS, PROCESS);
    expect(standIns).toEqual([running, undefined]);
  });

  it('is one of its own where it continues another trace, or no message is handled', () => {
    consumeWithTrace(message, () => expect(queueStandIn(PROCESS, continued('1'.repeat(16)))).toBeUndefined());
    expect(queueStandIn(PROCESS, context.active())).toBeUndefined();
  });

  it('is one of its own once the handling has ended', () => {
    const handling = consumeWithTrace(message, () => context.active());
    expect(telemetry.spans()).toHaveLength(1);
    expect(queueStandIn(PROCESS, handling)).toBeUndefined();
  });
});

describe("a span of Sentry's integration for a client", () => {
  const publish = { 'sentry.op': 'queue.publish', 'sentry.origin': 'auto.queue.amqplib.publisher' };
  const poll = {
    'sentry.op': 'queue.receive',
    'messaging.system': 'kafka',
    'messaging.operation.name': 'poll',
    'messaging.batch.message_count': 2,
  };

  it.each([publish, poll])('is nothing where ours traces that client (%j)', (attributes) => {
    setTracedClients(['amqplib', 'kafkajs']);
    const standIn = queueStandIn(attributes, continued(S));
    expect(standIn?.spanContext()).toMatchObject({ traceId: T, spanId: S });
    expect(standIn?.isRecording()).toBe(false);
  });

  it.each([publish, poll])('is itself where ours does not (%j)', (attributes) => {
    expect(queueStandIn(attributes, context.active())).toBeUndefined();
  });
});

describe('a trace that is continued by hand', () => {
  it("from the message that is handled goes on in that message's span", () => {
    consumeWithTrace(message, () => {
      expect(trace.getSpan(withinProcessing(continued(S)))).toBe(trace.getActiveSpan());
    });
  });

  it('from elsewhere goes on as it is', () => {
    consumeWithTrace(message, () => {
      const elsewhere = continued('1'.repeat(16));
      expect(withinProcessing(elsewhere)).toBe(elsewhere);
    });
    const nowhere = continued(S);
    expect(withinProcessing(nowhere)).toBe(nowhere);
  });
});
