import { isDeepStrictEqual } from 'node:util';
import { isObject } from './json.ts';

/**
 * Which entries to take: a predicate, or the fields they must have. A string field may be matched by a RegExp, and a
 * field that is a record (attributes, tags) has to contain what the filter's has.
 */
export type Filter<T> =
  | ((entry: T) => boolean)
  | { readonly [Field in keyof T]?: T[Field] | RegExp | undefined };

export function filtered<T extends object>(entries: readonly T[], filter: Filter<T> | undefined): T[] {
  if (filter === undefined) return [...entries];
  return entries.filter(typeof filter === 'function' ? filter : (entry) => matches(entry, filter));
}

function matches(actual: unknown, expected: unknown): boolean {
  if (expected instanceof RegExp) return typeof actual === 'string' && expected.test(actual);
  if (isObject(expected) && isObject(actual)) {
    return Object.entries(expected).every(([key, value]) => matches(actual[key], value));
  }
  return isDeepStrictEqual(actual, expected);
}
