import { trimBlanks } from '../blanks.ts';
import type { ForeignCodec } from './codec.ts';
import { foreignParent } from './foreign-parent.ts';

const TRACE_ID = 'x-datadog-trace-id';
const PARENT_ID = 'x-datadog-parent-id';
const SAMPLING_PRIORITY = 'x-datadog-sampling-priority';
const TAGS = 'x-datadog-tags';

const HALF_LENGTH = 16;
const ZERO_HALF = '0'.repeat(HALF_LENGTH);
const MAX_UINT64 = 2n ** 64n - 1n;
const UINT64 = /^\d{1,20}$/;
const PRIORITY = /^-?\d{1,3}$/;
const HIGH_HALF = '_dd.p.tid=';
const HIGH_HALF_VALUE = /^[0-9a-f]{16}$/;

/** A decimal of 64 bits as 16 hex digits; undefined for zero, which stands for none, and for what is no such number. */
export function parseDatadogId(text: string): string | undefined {
  if (!UINT64.test(text)) return undefined;
  const id = BigInt(text);
  return id === 0n || id > MAX_UINT64 ? undefined : id.toString(16).padStart(HALF_LENGTH, '0');
}

/** Whether a sampling priority keeps the trace: above zero, by the tracer (1) or by the user (2). */
export function parseSamplingPriority(text: string): boolean | undefined {
  return PRIORITY.test(text) ? Number(text) > 0 : undefined;
}

/** The high half of the trace id among Datadog's tags: zeros where it isn't, undefined where it is malformed. */
export function parseHighHalf(tags: string): string | undefined {
  for (const tag of tags.split(',')) {
    const text = trimBlanks(tag);
    if (!text.startsWith(HIGH_HALF)) continue;
    const value = text.slice(HIGH_HALF.length);
    return HIGH_HALF_VALUE.test(value) ? value : undefined;
  }
  return ZERO_HALF;
}

/**
 * Datadog's headers: 64-bit ids in decimal, and the high half of a 128-bit trace id in hex among its tags. Like its
 * tracers we continue the 64-bit trace when that half is malformed. A trace id of 64 bits is written without tags.
 * Source: https://docs.datadoghq.com/tracing/trace_collection/trace_context_propagation/
 */
export const datadog: ForeignCodec = {
  fields: [TRACE_ID, PARENT_ID, SAMPLING_PRIORITY, TAGS],
  read(header) {
    const low = header(TRACE_ID, parseDatadogId);
    const parentId = low && header(PARENT_ID, parseDatadogId);
    if (low === undefined || parentId === undefined) return undefined;
    const high = header(TAGS, parseHighHalf) ?? ZERO_HALF;
    return foreignParent(`${high}${low}`, parentId, header(SAMPLING_PRIORITY, parseSamplingPriority));
  },
  write({ traceId, spanId, sampled }, header) {
    const high = traceId.slice(0, HALF_LENGTH);
    header(TRACE_ID, decimal(traceId.slice(HALF_LENGTH)));
    header(PARENT_ID, decimal(spanId));
    if (sampled !== undefined) header(SAMPLING_PRIORITY, sampled ? '1' : '0');
    if (high !== ZERO_HALF) header(TAGS, `${HIGH_HALF}${high}`);
  },
};

function decimal(hex: string): string {
  return BigInt(`0x${hex}`).toString();
}
