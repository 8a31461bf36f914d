import { context } from '@opentelemetry/api';
import type { Scope } from '@sentry/core';
import { createBelow } from './core-spans.ts';
import { previousGeneration } from './generation.ts';
import { contextOfScope, requestScopes } from './scopes.ts';
import { core } from './sdk.ts';

type SentrySpan = NonNullable<ReturnType<typeof core.getActiveSpan>>;
type StartSpanOptions = Parameters<typeof core.startInactiveSpan>[0];

/** The hooks by which Sentry 10 has a strategy start spans. Sentry 11 announces its spans instead. */
interface StartSpanHooks {
  readonly startSpan: typeof core.startSpan;
  readonly startSpanManual: typeof core.startSpanManual;
  readonly startInactiveSpan: typeof core.startInactiveSpan;
}

/**
 * Sentry 10's `startSpan` family: spans of Sentry's own class, each below OpenTelemetry's active span and with a mirror
 * in OpenTelemetry, as Sentry 11 makes them by itself. Empty on Sentry 11.
 */
export function startSpanHooks(): StartSpanHooks | Record<never, never> {
  const create = previousGeneration?._INTERNAL_startInactiveSpan;
  if (create === undefined) return {};

  const start = (options: StartSpanOptions): SentrySpan => {
    const scope = options.scope ?? core.getCurrentScope();
    const base = contextOfScope(scope) ?? context.active();
    // With a scope in the options Sentry looks for no other parent than the one it is told.
    return createBelow(options, base, (parentSpan) => create({ ...options, scope, parentSpan }));
  };
  const startActive = <T>(options: StartSpanOptions, run: (span: SentrySpan) => T): T =>
    withCloneOf(options.scope, () => {
      const span = start({ ...options, scope: core.getCurrentScope() });
      return core.withActiveSpan(span, () => run(span));
    });

  return {
    startInactiveSpan: start,
    startSpan: (options, callback) =>
      startActive(options, (span) =>
        core.handleCallbackErrors(
          () => callback(span),
          () => fail(span),
          () => span.end(),
        ),
      ),
    startSpanManual: (options, callback) =>
      startActive(options, (span) =>
        core.handleCallbackErrors(
          () => callback(span, () => span.end()),
          () => fail(span),
        ),
      ),
  };
}

function withCloneOf<T>(scope: Scope | undefined, run: () => T): T {
  if (scope === undefined) return run();
  const base = contextOfScope(scope) ?? context.active();
  return context.with(requestScopes(base, { current: scope.clone() }), run);
}

/** OpenTelemetry's code for an error, with the message that Sentry's API has for one of no known kind. */
const ERROR = { code: 2, message: 'internal_error' } as const;

/** An error leaves the callback; a status that the callback set stays. */
function fail(span: SentrySpan): void {
  const { status } = core.spanToJSON(span) as { status?: string }; // Sentry 10's JSON
  if (span.isRecording() && (status === undefined || status === 'ok')) span.setStatus(ERROR);
}
