import type { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, type ContextManager, SpanKind, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '../opentelemetry/sdk-interfaces.ts';
import { LocalRoot } from './local-root.ts';
import { enterContext } from './scopes.ts';
import { withoutQuery } from './semantic-conventions.ts';
import { localRootOf, noteLocalRoot } from './trace-data.ts';

/**
 * Gives a context manager that isn't ours Sentry's scopes: every context that becomes active through it carries them,
 * as with {@link SentryContextManager}. Spans there come from a sampler that knows nothing of requests and messages, so
 * that they are told by their kind.
 */
export function giveScopesTo(manager: ContextManager): void {
  const enter = (context: Context): Context => {
    noteRequest(context);
    return enterContext(context, manager.active());
  };
  const enterWith = manager.with.bind(manager) as ContextManager['with']; // `bind` loses the overloads
  const bind = manager.bind.bind(manager) as ContextManager['bind'];
  manager.with = <A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ) => enterWith<A, F>(enter(context), fn, thisArg, ...args);
  manager.bind = (context, target) => bind(enter(context), target);
}

/** Where OpenTelemetry's own context managers keep the context. */
export function storageOf(manager: ContextManager): AsyncLocalStorage<Context> | undefined {
  // Protected in OpenTelemetry's class, which offers no other way to it.
  return (manager as { _asyncLocalStorage?: AsyncLocalStorage<Context> })._asyncLocalStorage;
}

/** A server's or consumer's span that is entered for the first time begins a unit of work. */
function noteRequest(context: Context): void {
  const span = trace.getSpan(context);
  if (span === undefined || localRootOf(span.spanContext()) !== undefined) return;
  // An SDK's span; one that is not recorded has none of them.
  const { kind, name = '', attributes = {} } = span as Partial<ReadableSpan>;
  if (kind !== SpanKind.SERVER && kind !== SpanKind.CONSUMER) return;
  const method = attributes['http.request.method'] ?? attributes['http.method'];
  const path = attributes['url.path'] ?? attributes['http.target'];
  noteLocalRoot(span.spanContext(), new LocalRoot(kind, name, text(method), text(path)));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? withoutQuery(value) : undefined;
}
