import { createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PendingRequests } from '../../../../src/messaging/requests.ts';
import { configureMessaging } from '../../../../src/messaging/runtime.ts';

const KEY = createContextKey('test');
const contextOf = (value: unknown) => ROOT_CONTEXT.setValue(KEY, value);

beforeEach(() => {
  vi.useFakeTimers();
  configureMessaging({ maxAgeMs: 1_000 });
});
afterEach(() => {
  vi.useRealTimers();
  configureMessaging({});
});

it('all replies to a request find its context', () => {
  const requests = new PendingRequests();
  const context = contextOf('request');
  requests.remember('a', context);
  expect([requests.contextOf('a'), requests.contextOf('a')]).toEqual([context, context]);
  expect([requests.contextOf('b'), requests.contextOf(undefined)]).toEqual([undefined, undefined]);
});

it('a reply beyond the maximum age of messages finds nothing', () => {
  const requests = new PendingRequests();
  requests.remember('a', contextOf('request'));
  vi.advanceTimersByTime(1_001);
  expect(requests.contextOf('a')).toBeUndefined();
});

it('the oldest of too many requests are forgotten', () => {
  const requests = new PendingRequests();
  for (let number = 0; number < 1_005; number++) requests.remember(String(number), contextOf(number));
  const known = Array.from({ length: 1_005 }, (_, number) =>
    requests.contextOf(String(number))?.getValue(KEY),
  );
  expect(known.slice(0, 5)).toEqual(Array(5).fill(undefined));
  expect(known.slice(5)).toEqual(Array.from({ length: 1_000 }, (_, number) => number + 5));
});

it('a context is not kept beyond its time while other requests are sent', async () => {
  const requests = new PendingRequests();
  let collected = false;
  const registry = new FinalizationRegistry(() => {
    collected = true;
  });
  (() => {
    const held = {};
    registry.register(held, undefined);
    requests.remember('a', contextOf(held));
  })();
  vi.advanceTimersByTime(1_001);
  requests.remember('b', ROOT_CONTEXT);
  vi.useRealTimers();
  const gc = await exposedGc();
  while (!collected) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
});

async function exposedGc(): Promise<() => void> {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void; // what the flag exposes
}
