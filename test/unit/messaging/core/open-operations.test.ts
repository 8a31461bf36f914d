import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OpenOperations } from '../../../../src/messaging/open-operations.ts';
import { messagingCounters } from '../../../../src/messaging/runtime.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Operations, and those that expired. */
function operations(limit?: number) {
  const expired: string[] = [];
  return { open: new OpenOperations<number, string>((value) => expired.push(value), limit), expired };
}

describe('an operation that waits for its outcome', () => {
  it('is taken once', () => {
    const { open, expired } = operations();
    open.add(1, 'one', 1_000);
    expect([open.get(1), open.take(1), open.take(1), open.get(1)]).toEqual([
      'one',
      'one',
      undefined,
      undefined,
    ]);
    vi.advanceTimersByTime(10_000);
    expect(expired).toEqual([]);
  });

  it('expires at its time, once, and those after it at theirs', () => {
    const { open, expired } = operations();
    open.add(1, 'one', 1_000);
    vi.advanceTimersByTime(400);
    open.add(2, 'two', 1_000);
    vi.advanceTimersByTime(599);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(expired).toEqual(['one']);
    expect(open.take(1)).toBeUndefined();
    vi.advanceTimersByTime(400);
    expect(expired).toEqual(['one', 'two']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('expires where another takes its place', () => {
    const { open, expired } = operations();
    open.add(1, 'one', 1_000);
    open.add(1, 'another', 1_000);
    expect(expired).toEqual(['one']);
    expect(open.take(1)).toBe('another');
  });

  it('expires early where too many wait, the oldest first, and is counted', () => {
    const { open, expired } = operations(3);
    const before = messagingCounters.evicted;
    for (let key = 0; key < 5; key++) open.add(key, String(key), 1_000);
    expect(expired).toEqual(['0', '1']);
    expect([...open.entries()]).toEqual([
      [2, '2'],
      [3, '3'],
      [4, '4'],
    ]);
    expect(messagingCounters.evicted).toBe(before + 2);
  });

  it('expires with the others where what is told of it throws', () => {
    const before = messagingCounters.internalErrors;
    const told: string[] = [];
    const open = new OpenOperations<number, string>((value) => {
      told.push(value);
      throw new Error('broken');
    });
    open.add(1, 'one', 1_000);
    open.add(2, 'two', 1_000);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual(['one', 'two']);
    expect(messagingCounters.internalErrors).toBe(before + 2);
  });

  it('is taken with all others where none of them can have an outcome any more', () => {
    const { open, expired } = operations();
    open.add(1, 'one', 1_000);
    open.add(2, 'two', 1_000);
    expect([open.takeAll(), open.takeAll()]).toEqual([['one', 'two'], []]);
    expect(vi.getTimerCount()).toBe(0);
    open.add(3, 'three', 1_000);
    vi.advanceTimersByTime(1_000);
    expect(expired).toEqual(['three']);
  });

  it('waits longer than a timer of Node can', () => {
    const { open, expired } = operations();
    open.add(1, 'one', 2 ** 32);
    vi.advanceTimersByTime(2 ** 31);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(2 ** 31);
    expect(expired).toEqual(['one']);
  });
});

describe('the timer of operations', () => {
  beforeEach(() => void vi.useRealTimers());

  it("expires them outside of the context of whatever was first, which it doesn't keep", async () => {
    const storage = new AsyncLocalStorage<string>();
    const expired = Promise.withResolvers<string | undefined>();
    const open = new OpenOperations<number, string>(() => expired.resolve(storage.getStore()));
    storage.run('a message', () => open.add(1, 'one', 1));
    expect(await expired.promise).toBeUndefined();
  });
});
