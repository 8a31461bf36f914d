import { percentDecode } from '../baggage-member.ts';
import type { ForeignCodec } from './codec.ts';
import { type ForeignParent, foreignParent } from './foreign-parent.ts';

const UBER_TRACE_ID = 'uber-trace-id';
const PATTERN = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{0,16}:([0-9a-f]{1,2})$/i;
const SAMPLED = 0x01;

/**
 * Parses an `uber-trace-id`: `{trace id}:{span id}:{parent span id}:{flags}`. Ids may miss leading zeros, since Jaeger's
 * clients write numbers, and the colons may be percent-encoded. The parent span id is obsolete. Of the flags only
 * sampled counts: debug is set beside it.
 * Source: https://www.jaegertracing.io/sdk-migration/#propagation-format
 */
export function parseUberTraceId(text: string): ForeignParent | undefined {
  const [, traceId, spanId, flags] = PATTERN.exec(percentDecode(text)) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return foreignParent(traceId, spanId, (Number.parseInt(flags, 16) & SAMPLED) !== 0);
}

/** Writes an `uber-trace-id`; it knows no open decision, so one goes as yes, as in `traceparent`. */
export function formatUberTraceId({ traceId, spanId, sampled }: ForeignParent): string {
  return `${traceId}:${spanId}:0:${sampled === false ? 0 : 1}`;
}

/** Jaeger's own header, from before its clients gave way to OpenTelemetry's. */
export const jaeger: ForeignCodec = {
  fields: [UBER_TRACE_ID],
  read: (header) => header(UBER_TRACE_ID, parseUberTraceId),
  write(parent, header) {
    header(UBER_TRACE_ID, formatUberTraceId(parent));
  },
};
