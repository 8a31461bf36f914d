import type { SpanJSON, StreamedSpanJSON } from '@sentry/core';
import type { ReadableSpan } from '../opentelemetry/sdk-interfaces.ts';
import { spanJson } from './generation.ts';
import { core } from './sdk.ts';
import { describe } from './span-description.ts';
import type { SentrySpan } from './span-outlet.ts';

/**
 * A span as transactions carry it, described as a streamed one is.
 *
 * @see https://develop.sentry.dev/sdk/data-model/event-payloads/span/
 */
export function staticSpanJson(span: SentrySpan & ReadableSpan): SpanJSON {
  const json = spanJson(span);
  describe(json, span);
  const { name, attributes, end_timestamp, links, parent_span_id } = json;
  const data = { ...attributes };
  const own = {
    span_id: json.span_id,
    trace_id: json.trace_id,
    ...(parent_span_id !== undefined && { parent_span_id }),
    start_timestamp: json.start_timestamp,
    ...(end_timestamp !== undefined && { timestamp: end_timestamp }),
    description: name,
    status: statusOf(json),
    data,
    ...(links !== undefined && { links }),
    op: data['sentry.op'],
    origin: data['sentry.origin'],
  };
  // `describe` has put Sentry's own words there as text; its types are narrower than what they hold.
  return own as SpanJSON;
}

/** Static spans tell their status in Sentry's words; HTTP's codes have some of their own. */
function statusOf({ status, attributes = {} }: StreamedSpanJSON): string {
  const code = attributes['http.response.status_code'] ?? attributes['http.status_code'];
  if (typeof code === 'number') return core.getSpanStatusFromHttpCode(code).message ?? 'ok';
  if (status !== 'error') return 'ok';
  const message = attributes['sentry.status.message'];
  return typeof message === 'string' && KNOWN.has(message) ? message : 'internal_error';
}

/** @see https://develop.sentry.dev/sdk/telemetry/traces/#span-statuses */
const KNOWN: ReadonlySet<string> = new Set([
  'cancelled',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal_error',
  'unavailable',
  'data_loss',
  'unauthenticated',
]);
