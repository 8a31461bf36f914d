import { AsyncLocalStorage } from 'node:async_hooks';
import { countEvicted, countInternalError } from './runtime.ts';

interface Open<Value> {
  readonly value: Value;
  readonly deadline: number;
}

/**
 * Operations that wait for their outcome: messages to be settled, publishes to be confirmed, transactions to be
 * committed. What waits longer than its time, and the oldest where there are too many, expires; the timer that sees
 * to it keeps no process alive.
 */
export class OpenOperations<Key, Value> {
  readonly #open = new Map<Key, Open<Value>>();
  readonly #expire: (value: Value) => void;
  readonly #limit: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param expire is called once for what leaves without an outcome. @param limit how many may be open. */
  constructor(expire: (value: Value) => void, limit = 10_000) {
    this.#expire = expire;
    this.#limit = limit;
  }

  /** @param timeoutMs all entries of one registry are expected to have the same. */
  add(key: Key, value: Value, timeoutMs: number): void {
    const before = this.#open.get(key);
    if (before !== undefined) this.#leave(key, before);
    this.#open.set(key, { value, deadline: performance.now() + timeoutMs });
    if (this.#open.size > this.#limit) {
      const [oldest] = this.#open;
      if (oldest !== undefined) this.#leave(...oldest);
      countEvicted();
    }
    this.#schedule();
  }

  get(key: Key): Value | undefined {
    return this.#open.get(key)?.value;
  }

  /** Takes an operation out, for its outcome. Undefined where it isn't open any more. */
  take(key: Key): Value | undefined {
    const open = this.#open.get(key);
    this.#open.delete(key);
    return open?.value;
  }

  /** All that are open, oldest first. One at a time, so that who needs only the first few pays for no more. */
  *entries(): Generator<readonly [Key, Value]> {
    for (const [key, { value }] of this.#open) yield [key, value];
  }

  /** Takes all out, oldest first, and lets go of the timer: of what belongs to a connection that has closed. */
  takeAll(): Value[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const values = [...this.#open.values()].map(({ value }) => value);
    this.#open.clear();
    return values;
  }

  #leave(key: Key, { value }: Open<Value>): void {
    this.#open.delete(key);
    try {
      this.#expire(value);
    } catch {
      countInternalError();
    }
  }

  /** One timer for the oldest entry: a map keeps the order in which they came. */
  #schedule(): void {
    if (this.#timer !== undefined) return;
    const [oldest] = this.#open.values();
    if (oldest === undefined) return;
    const delay = Math.max(1, Math.min(oldest.deadline - performance.now(), MAX_DELAY));
    this.#timer = outsideOfContext(() => setTimeout(() => this.#expireDue(), delay).unref());
  }

  #expireDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [key, open] of this.#open) {
      if (open.deadline > now) break;
      this.#leave(key, open);
    }
    this.#schedule();
  }
}

/** A timer keeps the context it was set in, and one that is set anew keeps it for good: not that of some message. */
const outsideOfContext = AsyncLocalStorage.snapshot();

/** Longer delays overflow Node's timers. */
const MAX_DELAY = 2 ** 31 - 1;
