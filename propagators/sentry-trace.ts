import { isZeroId } from './trace-context.ts';

/** A valid `sentry-trace`: ids are lowercase hex and not all zero. */
export interface SentryTrace {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined: the sender deferred the decision. */
  readonly sampled: boolean | undefined;
}

const SENTRY_TRACE = /^[0-9a-f]{32}-[0-9a-f]{16}(?:-[01])?$/;
const FLAG = 50;

/**
 * Parses a `sentry-trace` without surrounding blanks; undefined when it is invalid. Unlike Sentry's SDKs it
 * takes no part of a broken value: a trace id without its span id would continue a trace at the wrong place.
 * Source: https://develop.sentry.dev/sdk/telemetry/traces/#header-sentry-trace
 */
export function parseSentryTrace(text: string): SentryTrace | undefined {
  if (!SENTRY_TRACE.test(text)) return undefined;
  const traceId = text.slice(0, 32);
  const spanId = text.slice(33, 49);
  if (isZeroId(traceId, spanId)) return undefined;
  return { traceId, spanId, sampled: text.length < FLAG ? undefined : text[FLAG] === '1' };
}

/** Writes a `sentry-trace`; a deferred decision goes without a flag. */
export function formatSentryTrace(traceId: string, spanId: string, sampled: boolean | undefined): string {
  if (sampled === undefined) return `${traceId}-${spanId}`;
  return sampled ? `${traceId}-${spanId}-1` : `${traceId}-${spanId}-0`;
}
