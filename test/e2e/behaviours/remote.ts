/** Trace context as other services send it. */

import { randomBytes } from 'node:crypto';

export interface RemoteSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Sampled. */
  readonly traceparent: string;
  /** Sampled. */
  readonly sentryTrace: string;
}

/** A span of some other service, unlike any other; in the given trace, or in one of its own. */
export function remoteSpan(traceId: string = randomBytes(16).toString('hex')): RemoteSpan {
  const spanId = randomBytes(8).toString('hex');
  return {
    traceId,
    spanId,
    traceparent: `00-${traceId}-${spanId}-01`,
    sentryTrace: `${traceId}-${spanId}-1`,
  };
}

/** The ids in a `traceparent` or `sentry-trace`. @throws where the header isn't there, is there twice, or is neither. */
export function idsIn(
  header: readonly string[] | undefined,
): Readonly<{ traceId: string; spanId: string; flag: string | undefined }> {
  const [text, ...more] = header ?? [];
  if (text === undefined) throw new Error('the message has no trace context');
  const match = /^(?:00-)?([0-9a-f]{32})-([0-9a-f]{16})(?:-([0-9a-f]{1,2}))?$/.exec(text);
  const [, traceId, spanId, flag] = match ?? [];
  if (traceId === undefined || spanId === undefined || more.length > 0) {
    throw new Error(`the message has no single trace context: ${JSON.stringify(header)}`);
  }
  return { traceId, spanId, flag };
}

/** Baggage members by key, as they stand in the header. */
export function membersOf(baggage: readonly string[] | undefined): Readonly<Record<string, string>> {
  const members = (baggage ?? []).flatMap((header) => header.split(','));
  return Object.fromEntries(
    members.filter(Boolean).map((member) => {
      const [key = '', ...value] = member.split('=');
      return [key.trim(), value.join('=').trim()];
    }),
  );
}
