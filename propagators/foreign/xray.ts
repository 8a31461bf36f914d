import { trimBlanks } from '../blanks.ts';
import type { ForeignCodec } from './codec.ts';
import { type ForeignParent, foreignParent, NO_SPAN } from './foreign-parent.ts';

const AMZN_TRACE_ID = 'x-amzn-trace-id';
const ROOT = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/i;
const PARENT = /^[0-9a-f]{16}$/i;
/** Of a trace id, what X-Ray writes apart: the start of the trace in seconds. */
const TIME_LENGTH = 8;

/**
 * Parses an `x-amzn-trace-id`: `Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled={0|1|?}` in any order, beside fields
 * that don't matter here (`Self`, `Lineage`). `?` and an absent `Sampled` leave the decision open. Without `Parent`, as
 * load balancers write it, it names no span.
 * Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
export function parseAmznTraceId(text: string): ForeignParent | typeof NO_SPAN | undefined {
  let root: RegExpExecArray | null = null;
  let parent: string | undefined;
  let sampled: boolean | undefined;
  for (const field of text.split(';')) {
    const equals = field.indexOf('=');
    if (equals === -1) continue;
    const value = trimBlanks(field, equals + 1);
    switch (trimBlanks(field, 0, equals)) {
      case 'Root':
        root = ROOT.exec(value);
        break;
      case 'Parent':
        parent = value;
        break;
      case 'Sampled':
        sampled = sampledOf(value);
        break;
    }
  }
  if (root === null) return undefined;
  if (parent === undefined) return NO_SPAN;
  return PARENT.test(parent) ? foreignParent(`${root[1]}${root[2]}`, parent, sampled) : undefined;
}

function sampledOf(value: string): boolean | undefined {
  if (value === '1') return true;
  return value === '0' ? false : undefined;
}

/** Writes an `x-amzn-trace-id`; an open decision is left out. */
export function formatAmznTraceId({ traceId, spanId, sampled }: ForeignParent): string {
  const root = `1-${traceId.slice(0, TIME_LENGTH)}-${traceId.slice(TIME_LENGTH)}`;
  const decision = sampled === undefined ? '' : `;Sampled=${sampled ? 1 : 0}`;
  return `Root=${root};Parent=${spanId}${decision}`;
}

/** AWS X-Ray's header. */
export const xray: ForeignCodec = {
  fields: [AMZN_TRACE_ID],
  read(header) {
    const parent = header(AMZN_TRACE_ID, parseAmznTraceId);
    return parent === NO_SPAN ? undefined : parent;
  },
  write(parent, header) {
    header(AMZN_TRACE_ID, formatAmznTraceId(parent));
  },
};
