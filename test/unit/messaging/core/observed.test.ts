import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { type CallEnd, observe, observeReturn, runIn } from '../../../../src/messaging/observed.ts';
import { messagingCounters } from '../../../../src/messaging/runtime.ts';
import { useTelemetry } from './telemetry.ts';

/** What a call looks like to its caller, and what is told of its end. */
function observed<Result>(run: () => Result, way: typeof observe = observe) {
  const ends: CallEnd[] = [];
  let calls = 0;
  const call = () =>
    way(
      () => {
        calls++;
        return run();
      },
      (end) => ends.push(end),
    );
  return { call, ends, calls: () => calls };
}

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
afterEach(() => void unhandled.splice(0));

describe('a call that is observed', () => {
  it.each([[undefined], [null], [0], [{}], [Object.create(null)], [() => 'then']])(
    'gives back %s itself',
    (value) => {
      const { call, ends } = observed(() => value);
      expect(call()).toBe(value);
      expect(ends).toEqual([{}]);
    },
  );

  it.each([[new Error('no')], [null], [undefined], ['no']])('throws %s itself', (reason) => {
    const { call, ends } = observed(() => {
      throw reason;
    });
    const caught = Promise.withResolvers<unknown>();
    try {
      call();
    } catch (error) {
      caught.resolve(error);
    }
    expect(ends).toEqual([{ failure: { error: reason } }]);
    return expect(caught.promise).resolves.toBe(reason);
  });

  it('ends when its promise does, with the same value', async () => {
    const { promise, resolve } = Promise.withResolvers<object>();
    const { call, ends } = observed(() => promise);
    const result = call();
    await nextTurn();
    expect(ends).toEqual([]);
    const value = {};
    resolve(value);
    expect(await result).toBe(value);
    expect(ends).toEqual([{ value }]);
  });

  it('rejects with the very reason, null too', async () => {
    for (const reason of [new Error('no'), null, undefined]) {
      const { call, ends } = observed(() => Promise.reject(reason));
      await expect(call()).rejects.toBe(reason);
      expect(ends).toEqual([{ failure: { error: reason } }]);
    }
  });

  it.each([
    ['observed', observe],
    ['not looked at', observeReturn],
  ])('leaves a rejection that nobody handles unhandled, %s', async (_title, way) => {
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
    try {
      const reason = new Error('nobody');
      observed(() => Promise.reject(reason), way).call();
      await nextTurn();
      expect(unhandled).toEqual([reason]);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of listeners) process.on('unhandledRejection', listener);
    }
  });

  it('whose promise is not looked at ends when it returns, with that promise itself', () => {
    const promise = Promise.resolve();
    const { call, ends } = observed(() => promise, observeReturn);
    expect(call()).toBe(promise);
    expect(ends).toEqual([{}]);
  });

  it('goes on where what is told of its end throws', () => {
    const before = messagingCounters.internalErrors;
    const broken = () => {
      throw new Error('broken');
    };
    expect(observe(() => 'result', broken)).toBe('result');
    expect(messagingCounters.internalErrors).toBe(before + 1);
  });
});

/** Not a Promise, and started when it is first waited for, as queries are. */
class Query {
  started = 0;
  #outcome: Promise<string>;

  constructor(outcome: Promise<string>) {
    this.#outcome = outcome;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a thenable
  then<A, B>(...callbacks: [(value: string) => A, (reason: unknown) => B]): Promise<A | B> {
    this.started++;
    return this.#outcome.then(...callbacks);
  }
}

describe('a call that gives a thenable of another library', () => {
  it('starts it once and ends with it', async () => {
    const query = new Query(Promise.resolve('row'));
    const { call, ends } = observed(() => query);
    expect(await call()).toBe('row');
    expect([query.started, ends]).toEqual([1, [{ value: 'row' }]]);
  });

  it('rejects with its reason', async () => {
    const reason = new Error('no such table');
    const { call, ends } = observed(() => new Query(Promise.reject(reason)));
    await expect(call()).rejects.toBe(reason);
    expect(ends).toEqual([{ failure: { error: reason } }]);
  });

  const bare = (then: (resolve: (value: string) => void, reject: (reason: unknown) => void) => void) =>
    ({ then }) as unknown as Promise<string>; // `await` takes it for one

  it('can wait for one whose then returns nothing', async () => {
    const { call, ends } = observed(() => bare((resolve) => setImmediate(resolve, 'late')));
    expect(await call()).toBe('late');
    expect(ends).toEqual([{ value: 'late' }]);
  });

  it('gets the rejection of such a one, and nothing is thrown in its callbacks', async () => {
    const { call, ends } = observed(() => bare((_resolve, reject) => setImmediate(reject, 'no')));
    await expect(call()).rejects.toBe('no');
    expect(ends).toEqual([{ failure: { error: 'no' } }]);
  });

  it('ends once where one calls back twice', async () => {
    const { call, ends } = observed(() =>
      bare((resolve, reject) => {
        resolve('first');
        reject('second');
      }),
    );
    expect(await call()).toBe('first');
    expect(ends).toEqual([{ value: 'first' }]);
  });

  it('gets it as it is where its then throws', async () => {
    const thenable = bare(() => {
      throw new Error('not now');
    });
    const { call, ends } = observed(() => thenable);
    const result = call();
    expect(result).toBe(thenable);
    await expect(async () => await result).rejects.toThrow('not now');
    expect(ends).toHaveLength(1);
  });

  it.each([
    ['a then that may not be read', Object.defineProperty({}, 'then', { get: () => fail() })],
    ['a proxy of a promise', new Proxy(Promise.resolve(), { getPrototypeOf: () => fail() })],
  ])('gets %s as it is', (_title, value) => {
    const { call, ends } = observed(() => value);
    expect(call()).toBe(value);
    expect(ends).toHaveLength(1);
  });
});

function fail(): never {
  throw new Error('not for you');
}

describe('a call in a context', () => {
  useTelemetry();
  const KEY = createContextKey('test');

  it('runs in it', () => {
    expect(runIn(ROOT_CONTEXT.setValue(KEY, 1), () => context.active().getValue(KEY))).toBe(1);
  });

  it('throws what is thrown, once', () => {
    const { call, calls } = observed(fail);
    expect(() => runIn(ROOT_CONTEXT, call)).toThrow('not for you');
    expect(calls()).toBe(1);
  });
});
