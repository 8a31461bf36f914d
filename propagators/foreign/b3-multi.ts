import type { ForeignCodec } from './codec.ts';
import { foreignParent } from './foreign-parent.ts';

const TRACE_ID = 'x-b3-traceid';
const SPAN_ID = 'x-b3-spanid';
const SAMPLED = 'x-b3-sampled';
const FLAGS = 'x-b3-flags';
/** Never written, but stale beside ids of ours. */
const PARENT_SPAN_ID = 'x-b3-parentspanid';

const ID_64 = /^[0-9a-f]{16}$/i;
const ID_64_OR_128 = /^(?:[0-9a-f]{16}){1,2}$/i;

/** The decision as `1` or `0`, or as the `true` or `false` of older tracers; undefined: neither. */
export function parseB3Sampled(text: string): boolean | undefined {
  const value = text.toLowerCase();
  // Some tracers write the single header's letter for debug here.
  if (value === '1' || value === 'true' || value === 'd') return true;
  return value === '0' || value === 'false' ? false : undefined;
}

/**
 * B3 in a header for each part. Ids of 64 bits are padded. Written in lowercase, which the specification prefers
 * wherever names are case-sensitive.
 * Source: https://github.com/openzipkin/b3-propagation#multiple-headers
 */
export const b3Multi: ForeignCodec = {
  fields: [TRACE_ID, SPAN_ID, SAMPLED, FLAGS, PARENT_SPAN_ID],
  read(header) {
    const traceId = header(TRACE_ID, matching(ID_64_OR_128));
    const spanId = traceId && header(SPAN_ID, matching(ID_64));
    if (traceId === undefined || spanId === undefined) return undefined;
    // Debug implies a yes. B3 knows no other flag, and the field is no bit field.
    const debug = header(FLAGS, matching(/^\d{1,3}$/)) === '1';
    const parent = foreignParent(traceId, spanId, debug || header(SAMPLED, parseB3Sampled));
    return parent && debug ? { ...parent, debug } : parent;
  },
  write({ traceId, spanId, sampled, debug }, header) {
    header(TRACE_ID, traceId);
    header(SPAN_ID, spanId);
    if (debug === true) header(FLAGS, '1');
    else if (sampled !== undefined) header(SAMPLED, sampled ? '1' : '0');
  },
};

function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined);
}
