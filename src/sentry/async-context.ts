import type { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  context,
  isSpanContextValid,
  type Span,
  TraceFlags,
  type TraceState,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed, suppressTracing } from '@opentelemetry/core';
import type { AsyncContextStrategy } from '@sentry/core';
import type { SentryPropagator } from '../../propagators/propagator.ts';
import { mirroredSpan, openTelemetrySpan, standsFor } from './core-spans.ts';
import { withTraceId } from './id-generator.ts';
import { contextOfScope, requestScopes, scopesOf } from './scopes.ts';
import { core } from './sdk.ts';
import { startSpanHooks } from './start-span.ts';
import { sentrySampled } from './trace-data.ts';

type SentrySpan = NonNullable<ReturnType<typeof core.getActiveSpan>>;
type TextMap = Record<string, string>;

/**
 * Makes Sentry's API follow OpenTelemetry's context: what is the active span, which scopes are current, which trace
 * continues. The strategy is Sentry's private API, "no semver guarantees", and this is the only file that uses it.
 *
 * Call it after the client's `init`, which sets a strategy of its own.
 */
export function followOpenTelemetryContext(
  asyncLocalStorage: AsyncLocalStorage<Context> | undefined,
  propagator: SentryPropagator,
): void {
  const strategy: AsyncContextStrategy = {
    ...startSpanHooks(),

    getCurrentScope: () => scopesOf(context.active()).current,
    getIsolationScope: () => scopesOf(context.active()).isolation,

    withScope: (callback) =>
      context.with(context.active(), () => callback(scopesOf(context.active()).current)),
    withSetScope: (scope, callback) =>
      context.with(requestScopes(contextOfScope(scope) ?? context.active(), { current: scope }), () =>
        callback(scope),
      ),
    withIsolationScope: (callback) =>
      context.with(requestScopes(context.active(), { forkIsolation: true }), () => {
        const { current, isolation } = scopesOf(context.active());
        if (!core.isContinuingTrace(current.getPropagationContext()))
          startTraceOn(current, core.generateTraceId());
        return callback(isolation);
      }),
    withSetIsolationScope: (isolation, callback) =>
      context.with(requestScopes(context.active(), { isolation }), () => callback(isolation)),

    getActiveSpan: (scope) => sentryView(trace.getSpan((scope && contextOfScope(scope)) ?? context.active())),
    withActiveSpan: (span, callback) =>
      context.with(contextWithSpan(span), () => callback(scopesOf(context.active()).current)),

    continueTrace: ({ sentryTrace, baggage }, callback) => {
      const headers = { 'sentry-trace': sentryTrace, baggage };
      const fresh = trace.deleteSpan(context.active());
      const continued = propagator.extract(fresh, headers, {
        get: (carrier, key) => (carrier as TextMap)[key],
        keys: Object.keys,
      });
      return trace.getSpanContext(continued) === undefined
        ? startNewTrace(callback)
        : context.with(continued, callback);
    },
    startNewTrace,

    suppressTracing: (callback) => context.with(suppressTracing(context.active()), callback),
    isTracingSuppressed: (scope) => isTracingSuppressed((scope && contextOfScope(scope)) ?? context.active()),

    getTraceData: (options = {}) => {
      const from = options.span ?? undefined;
      const base = (options.scope && contextOfScope(options.scope)) ?? context.active();
      const headers: TextMap = {};
      propagator.inject(from === undefined ? base : trace.setSpan(base, openTelemetrySpan(from)), headers, {
        set: (carrier, key, value) => {
          (carrier as TextMap)[key] = value;
        },
      });
      const { 'sentry-trace': sentryTrace, baggage, traceparent } = headers;
      return {
        ...(sentryTrace !== undefined && { 'sentry-trace': sentryTrace }),
        ...(baggage !== undefined && { baggage }),
        ...(options.propagateTraceparent && traceparent !== undefined && { traceparent }),
      };
    },

    getTracingChannelBinding: () => asyncLocalStorage && { asyncLocalStorage },
  };
  core.setAsyncContextStrategy(strategy);
}

function startNewTrace<T>(callback: () => T): T {
  const traceId = core.generateTraceId();
  return context.with(withTraceId(trace.deleteSpan(context.active()), traceId), () => {
    startTraceOn(scopesOf(context.active()).current, traceId);
    return callback();
  });
}

function startTraceOn(scope: ReturnType<typeof core.getCurrentScope>, traceId: string): void {
  scope.setPropagationContext({ traceId, sampleRand: core._INTERNAL_safeMathRandom() });
}

/**
 * The context in which Sentry made `span` the active one. Sentry's placeholders for dropped spans stay out of it: as
 * OpenTelemetry parents they would orphan and unsample everything below.
 */
function contextWithSpan(span: SentrySpan | null): Context {
  const active = context.active();
  if (span === null) return trace.deleteSpan(active);
  const own = openTelemetrySpan(span);
  const isPlaceholder = own === (span as unknown) && !core.spanIsSentrySpan(span) && 'dropReason' in span;
  return isPlaceholder ? active : trace.setSpan(active, own);
}

const views = new WeakMap<Span, Span>();

/**
 * A span as Sentry's API has to see it: Sentry's own object where there is one, and a sampled flag that is Sentry's
 * decision. A remote parent is no active span; the scope carries that trace.
 */
function sentryView(span: Span | undefined): SentrySpan | undefined {
  if (span === undefined) return undefined;
  const spanContext = span.spanContext();
  if (!isSpanContextValid(spanContext) || spanContext.isRemote === true) return undefined;
  const own = mirroredSpan(span);
  if (own !== undefined) return own;

  const sampled = sentrySampled(span) === true;
  if (sampled === ((spanContext.traceFlags & TraceFlags.SAMPLED) !== 0)) return asSentrySpan(span);
  let view = views.get(span);
  if (view === undefined) {
    const seen = { ...spanContext, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
    // Inherits everything from the span; only what `spanContext()` says differs.
    view = Object.create(span, { spanContext: { value: () => seen } }) as Span;
    views.set(span, view);
    standsFor(view, span);
  }
  return asSentrySpan(view);
}

/** Sentry's span type and OpenTelemetry's describe the same interface; they differ in the type of trace state. */
function asSentrySpan(span: Span): SentrySpan {
  return span as unknown as SentrySpan & { traceState?: TraceState };
}
