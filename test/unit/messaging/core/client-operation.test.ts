import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { withMessageContext } from '../../../../src/messaging/helpers.ts';
import { startClientOperation } from '../../../../src/messaging/receiving.ts';
import { HOSTILE_HEADERS, linked, S, TRACEPARENT, useTelemetry } from './telemetry.ts';

const telemetry = useTelemetry();
const queue = { system: 'rabbitmq', destination: { name: 'amq.default:orders' } };
const receive = () => startClientOperation(telemetry.tracer, queue);
const received = (headers: Record<string, unknown>) => ({ ...queue, headers, id: 'm1', retryCount: 1 });

describe('asking the broker for a message', () => {
  it('has a client span below what is active, linked to the span that sent what came', () => {
    telemetry.tracer.startActiveSpan('request', (request) => {
      const { received: came, end } = receive();
      came({}, received({ traceparent: TRACEPARENT }));
      end();
      expect(telemetry.span()).toMatchObject({
        name: 'receive amq.default:orders',
        kind: SpanKind.CLIENT,
        parentSpanContext: request.spanContext(),
        attributes: {
          'messaging.operation.type': 'receive',
          'messaging.message.id': 'm1',
          'messaging.message.retry.count': 1,
        },
      });
      expect(linked(telemetry.span())).toEqual([S]);
    });
  });

  it('is active in the call', () => {
    const { context, end } = receive();
    end();
    expect(trace.getSpanContext(context)).toEqual(telemetry.span().spanContext());
  });

  it('links nothing where none came', () => {
    receive().end();
    expect(telemetry.span().links).toEqual([]);
  });

  it.each(HOSTILE_HEADERS)('links nothing where what came has %s', (_title, headers) => {
    const { received: came, end } = receive();
    came({}, received(headers));
    end();
    expect(telemetry.span().links).toEqual([]);
  });

  it('lets the message be handled in its own trace', () => {
    const message = {};
    const { received: came, end } = receive();
    came(message, received({ traceparent: TRACEPARENT }));
    end();
    withMessageContext(message, () => undefined);
    expect(telemetry.spans()[1]).toMatchObject({ kind: SpanKind.CONSUMER, parentSpanContext: { spanId: S } });
  });

  it('fails as the call does', () => {
    receive().end({ error: new Error('closed') });
    expect(telemetry.span().status).toEqual({ code: SpanStatusCode.ERROR, message: 'closed' });
  });
});

it('settling is named by what is settled', () => {
  const commit = { name: 'commit', type: 'settle' } as const;
  const group = { system: 'kafka', destination: { name: 'billing' } };
  startClientOperation(telemetry.tracer, group, commit).end();
  expect(telemetry.span()).toMatchObject({
    name: 'commit billing',
    attributes: { 'messaging.operation.name': 'commit', 'messaging.operation.type': 'settle' },
  });
});
