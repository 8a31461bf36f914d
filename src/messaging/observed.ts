import { types } from 'node:util';
import { type Context, context } from '@opentelemetry/api';
import { countInternalError } from './runtime.ts';

/** How a call came to its end; undefined `failure`: well. */
export interface CallEnd {
  /** What the promise was fulfilled with, where the function returned one. */
  readonly value?: unknown;
  readonly failure?: { readonly error: unknown } | undefined;
}

/** A step of telemetry's own: what it throws is counted, and the application's call goes on without it. */
export function attempt<Result>(step: () => Result): Result | undefined {
  try {
    return step();
  } catch {
    countInternalError();
    return undefined;
  }
}

/** Calls a function of the application in a context, exactly once: where a context can't be entered, without it. */
export function runIn<Result>(target: Context, run: () => Result): Result {
  let entered = false;
  try {
    return context.with(target, () => {
      entered = true;
      return run();
    });
  } catch (error) {
    if (entered) throw error;
    countInternalError();
    return run();
  }
}

/**
 * Calls a function of the application and tells how it ended: when it has returned or thrown, or, where it returns a
 * promise, when that is settled. What it throws or rejects with goes on to the caller, the very same value.
 *
 * @param onEnd is told once; what it throws is counted and goes no further.
 * @returns what the function returned; in a promise's place one of its kind, which waits for it.
 */
export function observe<Result>(run: () => Result, onEnd: (end: CallEnd) => void): Result {
  const tell = once(onEnd);
  const result = observeCall(run, tell);
  if (!isThenable(result)) {
    tell({});
    return result;
  }
  // A thenable's own `then` makes one of its kind.
  return (types.isPromise(result) ? followPromise(result, tell) : followThenable(result, tell)) as Result;
}

/** The same, without a look at what becomes of a promise: `onEnd` is told as soon as the function has returned. */
export function observeReturn<Result>(run: () => Result, onEnd: (end: CallEnd) => void): Result {
  const tell = once(onEnd);
  const result = observeCall(run, tell);
  tell({});
  return result;
}

function observeCall<Result>(run: () => Result, tell: (end: CallEnd) => void): Result {
  try {
    return run();
  } catch (error) {
    tell({ failure: { error } });
    throw error;
  }
}

function followPromise(promise: Promise<unknown>, tell: (end: CallEnd) => void): Promise<unknown> {
  return promise.then(
    (value) => {
      tell({ value });
      return value;
    },
    (error: unknown) => {
      tell({ failure: { error } });
      throw error;
    },
  );
}

/** Promises of other libraries, and objects with a `then` that calls back and returns nothing. */
function followThenable(thenable: PromiseLike<unknown>, tell: (end: CallEnd) => void): unknown {
  const own = Promise.withResolvers<unknown>();
  // Whoever gets it, or the promise chained below, sees its rejection; it isn't unhandled on its own.
  own.promise.catch(() => undefined);
  try {
    const chained: unknown = thenable.then(
      (value) => {
        tell({ value });
        own.resolve(value);
        return value;
      },
      (error: unknown) => {
        tell({ failure: { error } });
        own.reject(error);
        return own.promise;
      },
    );
    return isThenable(chained) ? chained : own.promise;
  } catch (error) {
    // It throws again when the application waits for it.
    tell({ failure: { error } });
    return thenable;
  }
}

function once(onEnd: (end: CallEnd) => void): (end: CallEnd) => void {
  let told = false;
  return (end) => {
    if (told) return;
    told = true;
    try {
      onEnd(end);
    } catch {
      countInternalError();
    }
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    const mayHaveThen = (typeof value === 'object' && value !== null) || typeof value === 'function';
    return mayHaveThen && typeof (value as { then?: unknown }).then === 'function';
  } catch {
    // A getter that throws when the application hadn't asked for it.
    return false;
  }
}
