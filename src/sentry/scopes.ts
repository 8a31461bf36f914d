import { type Context, createContextKey, isSpanContextValid, trace } from '@opentelemetry/api';
import type { PropagationContext, Scope } from '@sentry/core';
import { lenderOf } from '../messaging/other-instrumentations.ts';
import type { LocalRoot } from './local-root.ts';
import { core } from './sdk.ts';
import { localRootOf, sentryTraceData } from './trace-data.ts';

/**
 * Sentry's scopes in OpenTelemetry's context. Every context that becomes active carries a pair: the isolation
 * scope of its request or message, and a current scope of its own, which is cloned only when somebody asks for it.
 */
export interface Scopes {
  readonly current: Scope;
  /** A scope with the same data as `current`, without making one: for those who only read it. */
  readonly readable: Scope;
  readonly isolation: Scope;
  readonly localRoot: LocalRoot | undefined;
}

/** How the next context is to differ from the active one; set by Sentry's `withScope` family. */
export interface ScopeRequest {
  readonly current?: Scope;
  readonly isolation?: Scope;
  readonly forkIsolation?: true;
}

const SCOPES = createContextKey('acme.otel-sentry.scopes');
const SCOPE_REQUEST = createContextKey('acme.otel-sentry.scope-request');

const PROCESS_SCOPES: Scopes = {
  get current() {
    return core.getDefaultCurrentScope();
  },
  get readable() {
    return core.getDefaultCurrentScope();
  },
  get isolation() {
    return core.getDefaultIsolationScope();
  },
  localRoot: undefined,
};

class ContextScopes implements Scopes {
  readonly isolation: Scope;
  readonly localRoot: LocalRoot | undefined;
  readonly #parent: Scopes;
  #current: Scope | undefined;
  #context: Context | undefined;

  constructor(parent: Scopes, isolation: Scope, localRoot: LocalRoot | undefined) {
    this.#parent = parent;
    this.isolation = isolation;
    this.localRoot = localRoot;
  }

  /** Called once, with the context that carries these scopes and the scope to use where one was set explicitly. */
  settle(context: Context, current: Scope | undefined): void {
    this.#context = context;
    this.#current = current;
    if (current !== undefined) rememberContext(current, context);
  }

  get readable(): Scope {
    return this.#current ?? this.#parent.readable;
  }

  get current(): Scope {
    if (this.#current === undefined) {
      const scope = this.#parent.current.clone();
      if (this.#context !== undefined) {
        rememberContext(scope, this.#context);
        const remote = remotePropagationContext(this.#context);
        if (remote !== undefined) scope.setPropagationContext(remote);
      }
      this.#current = scope;
    }
    return this.#current;
  }
}

/** The scopes a context carries, or the process's own. */
export function scopesOf(context: Context): Scopes {
  return carriedScopes(context) ?? PROCESS_SCOPES;
}

function carriedScopes(context: Context): Scopes | undefined {
  // The key is ours; nothing else writes under it.
  return context.getValue(SCOPES) as Scopes | undefined;
}

/** Asks for other scopes in the context that becomes active next. */
export function requestScopes(context: Context, request: ScopeRequest): Context {
  return context.setValue(SCOPE_REQUEST, request);
}

/** The context that becomes active when `context` is entered from `active`. */
export function enterContext(given: Context, active: Context): Context {
  const context = withLender(given);
  // The key is ours; nothing else writes under it.
  const request = context.getValue(SCOPE_REQUEST) as ScopeRequest | undefined;
  const span = trace.getSpan(context);
  const root = span === undefined ? undefined : localRootOf(span.spanContext());
  const parent = parentScopes(context, active, root);

  let isolation = request?.isolation ?? (request?.forkIsolation ? parent.isolation.clone() : undefined);
  if (isolation === undefined)
    isolation = entersWork(root, parent) ? isolationScopeOf(root, parent) : parent.isolation;

  const scopes = new ContextScopes(parent, isolation, root ?? parent.localRoot);
  let entered = context.setValue(SCOPES, scopes);
  if (request !== undefined) entered = entered.deleteValue(SCOPE_REQUEST);
  scopes.settle(entered, request?.current);
  return entered;
}

/** Sentry keeps what it knows of a span by the object: what is active has to be the span itself. */
function withLender(context: Context): Context {
  const span = trace.getSpan(context);
  const lender = span && lenderOf(span);
  return lender === undefined || lender === span ? context : trace.setSpan(context, lender);
}

/**
 * The scopes that new ones are made from. The isolation scope forks once for each request or message (a local root
 * of kind SERVER or CONSUMER), and not from another request's: a consumer that was started inside a request must
 * not inherit that request's user.
 */
function parentScopes(context: Context, active: Context, root: LocalRoot | undefined): Scopes {
  const carried = carriedScopes(context);
  if (root?.isolated !== true || carried?.localRoot === root) return carried ?? scopesOf(active);
  return carried === undefined || carried.localRoot?.isolated === true ? PROCESS_SCOPES : carried;
}

function entersWork(root: LocalRoot | undefined, parent: Scopes): root is LocalRoot {
  return root?.isolated === true && root !== parent.localRoot;
}

/** The isolation scope of a request or message, forked at its first use. */
function isolationScopeOf(root: LocalRoot, parent: Scopes): Scope {
  root.isolationScope ??= parent.isolation.clone();
  return root.isolationScope;
}

/** The scopes that a span which starts in `context` belongs to. */
export function scopesForSpan(
  context: Context,
  active: Context,
  root: LocalRoot | undefined,
): { readonly scope: Scope; readonly isolation: Scope } {
  const parent = parentScopes(context, active, root);
  const isolation = entersWork(root, parent) ? isolationScopeOf(root, parent) : parent.isolation;
  return { scope: parent.readable, isolation };
}

/**
 * Sentry's propagation context of a trace that came in but has no span here yet: what an error or a log that is
 * captured in between is attached to.
 */
function remotePropagationContext(context: Context): PropagationContext | undefined {
  const spanContext = trace.getSpanContext(context);
  if (spanContext === undefined || spanContext.isRemote !== true || !isSpanContextValid(spanContext))
    return undefined;
  const data = sentryTraceData(spanContext);
  const sampleRand = core.parseSampleRate(data?.sampleRand) ?? core._INTERNAL_safeMathRandom();
  return {
    traceId: spanContext.traceId,
    parentSpanId: spanContext.spanId,
    sampleRand,
    ...(data?.sampled !== undefined && { sampled: data.sampled }),
    ...(data?.dsc !== undefined && { dsc: core.baggageHeaderToDynamicSamplingContext(data.dsc) ?? {} }),
  };
}

const REF = 'acme.otel-sentry.context';
const contexts = new WeakMap<Scope, WeakRef<Context>>();

/**
 * Remembers which context a scope belongs to. Sentry 11 copies `refs` when it clones a scope, so a clone is found
 * as well; Sentry 10 has no `refs`, and a clone there follows the active context.
 */
function rememberContext(scope: Scope, context: Context): void {
  const refs = refsOf(scope);
  if (refs === undefined) contexts.set(scope, new WeakRef(context));
  else refs[REF] = new WeakRef(context);
}

/** The context that a scope was made for, if that is still alive. */
export function contextOfScope(scope: Scope): Context | undefined {
  const ref = refsOf(scope)?.[REF] ?? contexts.get(scope);
  return ref instanceof WeakRef ? (ref.deref() as Context | undefined) : undefined;
}

function refsOf(scope: Scope): Record<string, unknown> | undefined {
  // `refs` is Sentry 11's place for such references; its type is narrower than what it holds.
  return (scope as unknown as { refs?: Record<string, unknown> }).refs;
}
