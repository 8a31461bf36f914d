/** A valid `traceparent`: ids are lowercase hex and not all zero. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  /** The trace id's last seven bytes are random (level 2). */
  readonly random: boolean;
}

const SAMPLED = 0x01;
const RANDOM = 0x02;
const VERSION_00_LENGTH = 55;
const DASH = 0x2d;

// Anchored and without alternatives, so it takes one pass over at most 55 characters.
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/;
const ZERO_TRACE_ID = '0'.repeat(32);
const ZERO_SPAN_ID = '0'.repeat(16);

/** Whether the ids are the all-zero ones that mean "none"; the grammar is checked elsewhere. */
export function isZeroId(traceId: string, spanId: string): boolean {
  return traceId === ZERO_TRACE_ID || spanId === ZERO_SPAN_ID;
}

/**
 * Parses a `traceparent` without surrounding blanks; undefined when it is invalid. A version above 00 is read
 * by its first 55 characters, as the specification asks, when they end there or a dash follows.
 * Source: https://www.w3.org/TR/trace-context-2/#versioning-of-traceparent
 */
export function parseTraceParent(text: string): TraceParent | undefined {
  if (!TRACEPARENT.test(text) || text.startsWith('ff')) return undefined;
  if (
    text.length > VERSION_00_LENGTH &&
    (text.startsWith('00') || text.charCodeAt(VERSION_00_LENGTH) !== DASH)
  ) {
    return undefined;
  }
  const traceId = text.slice(3, 35);
  const spanId = text.slice(36, 52);
  if (isZeroId(traceId, spanId)) return undefined;
  const flags = Number.parseInt(text.slice(53, VERSION_00_LENGTH), 16);
  return { traceId, spanId, sampled: (flags & SAMPLED) !== 0, random: (flags & RANDOM) !== 0 };
}

/** Writes a version 00 `traceparent`; of the flags only sampled and random go out, the others are reserved. */
export function formatTraceParent(traceId: string, spanId: string, flags: number, random: boolean): string {
  return `00-${traceId}-${spanId}-0${(flags & (SAMPLED | RANDOM)) | (random ? RANDOM : 0)}`;
}
