import type { StreamedSpanJSON } from '@sentry/core';
import { core } from './sdk.ts';

/**
 * Where Sentry 10 and 11 differ in names alone. Where they differ in kind: Sentry 10 has strategy hooks for starting
 * spans (`start-span.ts`), no `refs` on scopes (`scopes.ts`).
 */

/** What Sentry knows of a span of its own API. */
type SentrySpan = Parameters<typeof core.captureSpan>[0];

interface PreviousGeneration {
  /** In Sentry 11 this is `spanToJSON`. */
  spanToStreamedSpanJSON(span: SentrySpan): StreamedSpanJSON;
  /** Starts a span of Sentry's own class, past the strategy's hooks. */
  _INTERNAL_startInactiveSpan(options: Parameters<typeof core.startInactiveSpan>[0]): SentrySpan;
}

/** The parts of Sentry 10 that Sentry 11 has no more; undefined on 11. */
export const previousGeneration: PreviousGeneration | undefined =
  // What a required module exports isn't known to the compiler.
  'spanToStreamedSpanJSON' in core ? (core as unknown as PreviousGeneration) : undefined;

/** A span as span-v2 JSON. */
export const spanJson: (span: SentrySpan) => StreamedSpanJSON =
  // Sentry 11's own type of it says the same.
  (previousGeneration?.spanToStreamedSpanJSON ?? core.spanToJSON) as (span: SentrySpan) => StreamedSpanJSON;
