/** Values that Sentry's items share: typed attributes and times. */

import { DecodeError, type JsonObject, object, optionalObject, string } from './json.ts';
import type { Attributes, SpanKind } from './model.ts';

const TYPE_CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  double: (value) => typeof value === 'number',
  array: (value) => Array.isArray(value),
};

/**
 * `{ key: { value, type } }` to `{ key: value }`.
 * @throws {DecodeError} where value and type disagree: Sentry drops such an attribute.
 */
export function flattenAttributes(value: unknown, what: string): Attributes {
  return Object.fromEntries(
    Object.entries(optionalObject(value, `attributes of ${what}`)).map(([key, wrapped]) => {
      const name = `attribute ${key} of ${what}`;
      const attribute = object(wrapped, name);
      const type = string(attribute.type, `type of ${name}`);
      if (!TYPE_CHECKS[type]?.(attribute.value)) {
        throw new DecodeError(`${name} is not of its type ${type}: ${JSON.stringify(attribute.value)}`);
      }
      return [key, attribute.value];
    }),
  );
}

/** Sentry's times are seconds since the epoch or RFC 3339 text. */
export function milliseconds(value: unknown, what: string): number {
  const time = typeof value === 'string' ? Date.parse(value) : Number(value) * 1000;
  if ((typeof value !== 'number' && typeof value !== 'string') || !Number.isFinite(time)) {
    throw new DecodeError(`${what} is not a time: ${JSON.stringify(value)}`);
  }
  return time;
}

/** @throws {DecodeError} where the span ends before it starts: Sentry drops it. */
export function timeRange(
  start: unknown,
  end: unknown,
  what: string,
): { startTime: number; endTime: number } {
  const startTime = milliseconds(start, `start of ${what}`);
  const endTime = milliseconds(end, `end of ${what}`);
  if (endTime < startTime) throw new DecodeError(`${what} ends ${startTime - endTime} ms before it starts`);
  return { startTime, endTime };
}

const KINDS: ReadonlySet<unknown> = new Set<SpanKind>([
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
]);

/** Sentry 11 writes `sentry.kind` in lower case, Sentry 10 `otel.kind` in capitals. */
export function spanKind(attributes: JsonObject): SpanKind | undefined {
  const kind = String(attributes['sentry.kind'] ?? attributes['otel.kind']).toLowerCase();
  return KINDS.has(kind) ? (kind as SpanKind) : undefined; // membership was just checked
}
