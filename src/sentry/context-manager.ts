import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, ContextManager } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { enterContext } from './scopes.ts';

/**
 * OpenTelemetry's context manager, which also gives every context that becomes active its Sentry scopes: one
 * isolation scope for each request and each message, so that tags, users and breadcrumbs of concurrent work never
 * mix.
 *
 * @see https://opentelemetry.io/docs/specs/otel/context/
 */
export class SentryContextManager implements ContextManager {
  readonly #manager = new AsyncLocalStorageContextManager();

  active(): Context {
    return this.#manager.active();
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#manager.with(enterContext(context, this.active()), fn, thisArg, ...args);
  }

  /** All calls of a bound function, and all listeners of a bound emitter, share one set of scopes. */
  bind<T>(context: Context, target: T): T {
    return this.#manager.bind(enterContext(context, this.active()), target);
  }

  enable(): this {
    this.#manager.enable();
    return this;
  }

  disable(): this {
    this.#manager.disable();
    return this;
  }

  /** The storage below, which Sentry binds its diagnostics channels to. */
  get asyncLocalStorage(): AsyncLocalStorage<Context> {
    // Protected in OpenTelemetry's class, which offers no other way to it.
    return (this.#manager as unknown as { _asyncLocalStorage: AsyncLocalStorage<Context> })
      ._asyncLocalStorage;
  }
}
