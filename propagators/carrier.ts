import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';
import { trimBlanks } from './blanks.ts';
import { propagationCounters } from './counters.ts';

/** Longest header value decoded at all, in bytes or characters; longer ones are ignored and counted. */
const MAX_TEXT_LENGTH = 65_536;
/** Values of one repeated header that are looked at. */
const MAX_VALUES = 64;

const QUOTE = 0x22;

// Invalid UTF-8 becomes U+FFFD, which no codec accepts in an id, and a BOM is dropped.
const utf8 = new TextDecoder();

/**
 * The text of a header value: a string, or bytes as UTF-8, without surrounding blanks and without one pair of
 * JSON quotes (Spring Cloud Sleuth sends `"\"5d5e…\""`). Undefined when absent, empty, longer than `limit` or
 * no text at all; the last two are counted. Objects are never turned into text: their `toString` is theirs.
 */
function textOf(value: unknown, limit: number): string | undefined {
  if (typeof value === 'string') {
    if (value.length <= limit) return unwrap(value);
    propagationCounters.oversized++;
  } else if (ArrayBuffer.isView(value)) {
    if (value.byteLength <= limit) {
      // Any view will do for the decoder, whose type names the classes one by one.
      return unwrap(utf8.decode(value as Uint8Array));
    }
    propagationCounters.oversized++;
  } else if (value !== undefined) {
    propagationCounters.ignoredValues++;
  }
  return undefined;
}

function unwrap(value: string): string | undefined {
  const text = trimBlanks(value);
  const last = text.length - 1;
  const quoted = last > 0 && text.charCodeAt(0) === QUOTE && text.charCodeAt(last) === QUOTE;
  return (quoted ? text.slice(1, last) : text) || undefined;
}

/**
 * Reads a header that has one value. Of a repeated one the last valid value counts, since retries and
 * forwarding append to what is there. Never throws: a getter that does is counted.
 */
export function readLast<T>(
  carrier: unknown,
  getter: TextMapGetter<unknown>,
  key: string,
  limit: number,
  parse: (text: string) => T | undefined,
): T | undefined {
  try {
    // Getters are typed to return text, but return what the carrier holds.
    const value: unknown = getter.get(carrier, key);
    if (!Array.isArray(value)) return parseOne(value, limit, parse);
    const first = Math.max(0, value.length - MAX_VALUES);
    for (let index = value.length - 1; index >= first; index--) {
      const parsed = parseOne(value[index], limit, parse);
      if (parsed !== undefined) return parsed;
    }
  } catch {
    propagationCounters.carrierErrors++;
  }
  return undefined;
}

function parseOne<T>(value: unknown, limit: number, parse: (text: string) => T | undefined): T | undefined {
  const text = textOf(value, limit);
  if (text === undefined) return undefined;
  const parsed = parse(text);
  if (parsed === undefined) propagationCounters.malformed++;
  return parsed;
}

/**
 * Reads a list header (`baggage`, `tracestate`): its text, or its texts in order where it is repeated.
 * Undefined when there is none. Never throws: a getter that does is counted.
 */
export function readList(
  carrier: unknown,
  getter: TextMapGetter<unknown>,
  key: string,
): string | string[] | undefined {
  try {
    return textsOf(getter.get(carrier, key));
  } catch {
    propagationCounters.carrierErrors++;
    return undefined;
  }
}

function textsOf(value: unknown): string | string[] | undefined {
  if (!Array.isArray(value)) return textOf(value, MAX_TEXT_LENGTH);
  if (value.length > MAX_VALUES) propagationCounters.oversized++;
  const texts: string[] = [];
  let room = MAX_TEXT_LENGTH;
  // The last ones are the latest, as in readLast.
  for (const item of value.slice(-MAX_VALUES)) {
    const text = textOf(item, room);
    if (text === undefined) continue;
    texts.push(text);
    room -= text.length;
  }
  return texts.length > 1 ? texts : texts[0];
}

/**
 * A header's text or texts on a carrier that is a plain object, by its own properties: the lowercase key
 * first, then the key as asked for, else its case variants together, in order. Inherited properties don't count:
 * amqplib lets a received table named `__proto__` become the prototype of the headers.
 */
export function readOwn(carrier: unknown, key: string): string | string[] | undefined {
  if (!isObject(carrier)) return undefined;
  const lowercase = key.toLowerCase();
  for (const exact of lowercase === key ? [key] : [lowercase, key]) {
    const texts = Object.hasOwn(carrier, exact) ? textsOf(carrier[exact]) : undefined;
    if (texts !== undefined) return texts;
  }
  const variants = caseVariants(carrier, lowercase).filter((variant) => variant !== key);
  if (variants.length === 0) return undefined;
  return textsOf(variants.flatMap((variant) => carrier[variant]));
}

function isObject(carrier: unknown): carrier is Record<string, unknown> {
  return typeof carrier === 'object' && carrier !== null;
}

function caseVariants(carrier: Record<string, unknown>, key: string): string[] {
  const lowercase = key.toLowerCase();
  const variants: string[] = [];
  for (const own of Object.keys(carrier)) {
    if (own.length === key.length && own !== key && own.toLowerCase() === lowercase) variants.push(own);
  }
  return variants;
}

/** Getter and setter for message headers: a plain object of header name to string, bytes or a list of them. */
export interface MessageHeaders<Carrier> extends TextMapGetter<Carrier>, TextMapSetter<Carrier> {}

/**
 * The rules Kafka and AMQP headers share: read case-insensitively, the exact key first; own properties only;
 * whatever is no text is left out and counted; writing puts a string and removes the key's case variants.
 * `get` and `set` throw only what the carrier itself throws (a frozen one, on writing).
 */
export const messageHeaders: MessageHeaders<unknown> = {
  keys: (carrier) => (isObject(carrier) ? Object.keys(carrier) : []),
  get: readOwn,
  set: (carrier, key, value) => {
    if (!isObject(carrier)) return;
    for (const variant of caseVariants(carrier, key)) delete carrier[variant];
    carrier[key] = value;
  },
};
