import fc from 'fast-check';
import { expect, it } from 'vitest';
import { latencyOf } from '../../../../src/messaging/latency.ts';
import type { HeaderMap } from '../../../../src/messaging/message.ts';
import { HOSTILE_HEADERS } from './telemetry.ts';

type Headers = HeaderMap | null | undefined;

const NOW = 1_795_000_000_500;
const latency = (headers: Headers, sentAt?: number) =>
  latencyOf({ system: 'kafka', destination: { name: 'orders' }, headers, sentAt }, NOW);
const enqueued = (value: unknown) => ({ 'sentry-task-enqueued-time': value });

it.each([
  ['text', enqueued('1795000000.25'), 250],
  ['bytes', enqueued(Buffer.from('1795000000.25')), 250],
  ["a number, as Celery's", enqueued(1795000000.25), 250],
  ['a list, whose last counts', enqueued(['1', '1795000000.25']), 250],
  ['a header in another case', { 'Sentry-Task-Enqueued-Time': '1795000000.25' }, 250],
  ['a clock that is ahead', enqueued('1795009999'), 0],
])('the time in the queue is counted from %s', (_title, headers, expected) => {
  expect(latency(headers, 1)).toBeCloseTo(expected, 3);
});

it.each<readonly [string, Headers]>([
  ['nonsense', enqueued('soon')],
  ['a table', enqueued({ time: 1 })],
  ['null', enqueued(null)],
  ['nothing', enqueued('')],
  ['a time before time', enqueued('-5')],
  ['infinity', enqueued('Infinity')],
  ['no headers', undefined],
  ['null for headers', null],
  ...HOSTILE_HEADERS.slice(1),
])("%s leaves it to the broker's time", (_title, headers) => {
  expect(latency(headers, NOW - 40)).toBe(40);
  expect(latency(headers)).toBeUndefined();
});

it("a broker's time that is none is not counted", () => {
  expect(latency({}, Number.NaN)).toBeUndefined();
});

it('is never less than nothing, nor anything but a number', () => {
  const value = fc.oneof(fc.string(), fc.double(), fc.integer().map(String), fc.uint8Array(), fc.anything());
  fc.assert(
    fc.property(value, fc.option(fc.double(), { nil: undefined }), (time, sentAt) => {
      const result = latency(enqueued(time), sentAt);
      if (result !== undefined) expect(result >= 0 && Number.isFinite(result)).toBe(true);
    }),
  );
});
