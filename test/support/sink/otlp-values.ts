/** Values that OTLP's signals share, in their JSON form. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */

import { DecodeError, isObject, list, object, optionalObject, string } from './json.ts';
import type { Attributes, Backend } from './model.ts';

/** Who sent an entry, and to which backend. */
export interface Origin {
  readonly source: Backend;
  readonly resource: Attributes;
}

/** As for protobuf: enough for any attribute, far from the end of the stack. */
const MAX_DEPTH = 100;

/** `[{ key, value: { stringValue } }]` to `{ key: value }`. */
export function attributesOf(value: unknown, what: string, depth = 0): Attributes {
  return Object.fromEntries(
    list(value, `attributes of ${what}`).map((entry) => {
      const pair = object(entry, `attribute of ${what}`);
      return [string(pair.key, `key of an attribute of ${what}`), anyValue(pair.value, what, depth)];
    }),
  );
}

/** An AnyValue without its wrapper. Bytes stay base64, an empty AnyValue is undefined. */
export function anyValue(value: unknown, what: string, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new DecodeError(`attribute of ${what} nested deeper than ${MAX_DEPTH}`);
  const any = optionalObject(value, `value of an attribute of ${what}`);
  if (any.intValue !== undefined) return integer(any.intValue, `integer attribute of ${what}`);
  if (any.doubleValue !== undefined) return double(any.doubleValue, `double attribute of ${what}`);
  if (isObject(any.arrayValue)) {
    return list(any.arrayValue.values, `array of ${what}`).map((entry) => anyValue(entry, what, depth + 1));
  }
  if (isObject(any.kvlistValue)) return attributesOf(any.kvlistValue.values, what, depth + 1);
  return any.stringValue ?? any.boolValue ?? any.bytesValue;
}

/** A 64-bit integer, which JSON has as a string or a number. Where a number would round it, it stays a string. */
export function integer(value: unknown, what: string): number | string {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value !== 'string' || !/^-?\d+$/.test(value)) {
    throw new DecodeError(`${what} is not an integer: ${JSON.stringify(value)}`);
  }
  const parsed = Number(value);
  return Number.isSafeInteger(parsed) ? parsed : value;
}

/** Like {@link integer} for counts, where rounding above 2^53 does no harm; absent is 0. */
export function count(value: unknown, what: string): number {
  return value === undefined || value === null ? 0 : Number(integer(value, what));
}

/** JSON has no NaN and no infinity, so protobuf's JSON form writes them as strings. */
export function double(value: unknown, what: string): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw new DecodeError(`${what} is not a number: ${JSON.stringify(value)}`);
}

/** Nanoseconds since the epoch to milliseconds, kept to the microsecond; absent is 0. */
export function unixMilliseconds(value: unknown, what: string): number {
  if (value === undefined || value === null) return 0;
  return Number(BigInt(integer(value, what)) / 1000n) / 1000;
}
