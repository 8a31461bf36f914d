import type { ForeignCodec } from './codec.ts';
import { type ForeignParent, foreignParent, NO_SPAN } from './foreign-parent.ts';

const DECISION = /^[01d]$/;
const B3 = /^((?:[0-9a-f]{16}){1,2})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/i;

/**
 * Parses a `b3` header: `{trace id}-{span id}`, then optionally `-{decision}` and `-{parent span id}`. Ids of 64 bits
 * are padded. A decision alone (`0`) keeps to the grammar and names no span.
 * Source: https://github.com/openzipkin/b3-propagation#single-header
 */
export function parseB3(text: string): ForeignParent | typeof NO_SPAN | undefined {
  if (DECISION.test(text)) return NO_SPAN;
  const [, traceId, spanId, decision] = B3.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  const parent = foreignParent(traceId, spanId, decision === undefined ? undefined : decision !== '0');
  return parent && decision?.toLowerCase() === 'd' ? { ...parent, debug: true } : parent;
}

/** Writes a `b3` header; an open decision is left out. */
export function formatB3({ traceId, spanId, sampled, debug }: ForeignParent): string {
  if (debug === true) return `${traceId}-${spanId}-d`;
  if (sampled === undefined) return `${traceId}-${spanId}`;
  return sampled ? `${traceId}-${spanId}-1` : `${traceId}-${spanId}-0`;
}

/** B3 in one header, as Zipkin's tracers put it on messages. */
export const b3Single: ForeignCodec = {
  fields: ['b3'],
  read(header) {
    const b3 = header('b3', parseB3);
    return b3 === NO_SPAN ? undefined : b3;
  },
  write(parent, header) {
    header('b3', formatB3(parent));
  },
};
