import { SpanStatusCode } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { endSpan, type Outcome } from '../../../../src/messaging/outcome.ts';
import { useTelemetry } from './telemetry.ts';

const telemetry = useTelemetry();

function ended(outcome?: Outcome) {
  try {
    endSpan(telemetry.tracer.startSpan('operation'), outcome);
  } catch {
    // The error's own; its span has to have ended.
  }
  const { status, attributes, events } = telemetry.span();
  return { status, type: attributes['error.type'], events: events.map(({ name }) => name) };
}

it('without a failure leaves the status open', () => {
  expect(ended({ attributes: { 'messaging.rabbitmq.settlement': 'ack' } })).toEqual({
    status: { code: SpanStatusCode.UNSET },
    type: undefined,
    events: [],
  });
  expect(telemetry.span().attributes).toEqual({ 'messaging.rabbitmq.settlement': 'ack' });
});

class OutOfStock extends Error {
  override name = 'OutOfStock';
}

it.each<[string, Outcome, string, string | undefined, boolean]>([
  ['an error', { error: new TypeError('no') }, 'TypeError', 'no', true],
  ["an application's error", { error: new OutOfStock('42') }, 'OutOfStock', '42', true],
  ['a string', { error: 'no' }, '_OTHER', 'no', false],
  ['null', { error: null }, '_OTHER', undefined, false],
  ['undefined', { error: undefined }, '_OTHER', undefined, false],
  ['an object', { error: { toString: 'x' } }, '_OTHER', undefined, false],
  ['a failure without an exception', { errorType: 'no_route' }, 'no_route', undefined, false],
])('with %s says so', (_title, outcome, type, message, exception) => {
  expect(ended(outcome)).toEqual({
    status: { code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) },
    type,
    events: exception ? ['exception'] : [],
  });
});

const refusing = (...keys: string[]) => {
  const error = new Error('hidden');
  for (const key of keys) {
    Object.defineProperty(error, key, {
      get() {
        throw new Error(`no ${key}`);
      },
    });
  }
  return error;
};

it.each([
  ['a name', refusing('name')],
  ['a message', refusing('message')],
  ['a stack', refusing('name', 'message', 'stack')],
  [
    'a prototype',
    new Proxy(new Error('hidden'), {
      getPrototypeOf() {
        throw new Error('no prototype');
      },
    }),
  ],
])('with an error that refuses to give %s is a failure all the same', (_title, error) => {
  const { status, type } = ended({ error });
  expect([status.code, type === undefined]).toEqual([SpanStatusCode.ERROR, false]);
});

it('that is known later ends when it happened', () => {
  const endTime = Date.now() + 5_000;
  ended({ endTime });
  const [seconds, nanoseconds] = telemetry.span().endTime;
  expect(seconds * 1000 + nanoseconds / 1e6).toBeCloseTo(endTime, 0);
});
