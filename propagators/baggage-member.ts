import { trimBlanks } from './blanks.ts';

/** The prefix of the baggage members that are Sentry's. */
export const SENTRY_PREFIX = 'sentry-';

const BEYOND_ASCII = /[^\t\x20-\x7e]/;
const ALL_BEYOND_ASCII = /[^\t\x20-\x7e]+/g;

// Percent signs are legal in both, and left out of both so that they are always encoded.
const TOKEN = /^[!#$&'*+\-.^_`|~0-9A-Za-z]+$/;
const BAGGAGE_OCTETS = /^[!#$&-+\--:<-[\]-~]*$/;

/**
 * Text with everything but printable ASCII percent-encoded, which decodes to the same. Kafka and AMQP headers
 * may hold any bytes; forwarded to HTTP as they are, they would make Node's client throw in the application.
 */
export function asciiOnly(text: string): string {
  return BEYOND_ASCII.test(text) ? text.toWellFormed().replace(ALL_BEYOND_ASCII, encodeURIComponent) : text;
}

/** Percent-decodes; what isn't validly encoded is kept as it is. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The decoded key of a member `key=value;properties`; undefined without a key or an equals sign. */
export function memberKey(member: string): string | undefined {
  const equals = member.indexOf('=');
  if (equals <= 0) return undefined;
  const semicolon = member.indexOf(';');
  if (semicolon !== -1 && semicolon < equals) return undefined;
  const key = trimBlanks(member, 0, equals);
  return key === '' ? undefined : percentDecode(key);
}

/** The raw value of a member whose equals sign is at `equals`. */
export function memberValue(member: string, equals: number): string {
  const semicolon = member.indexOf(';', equals);
  return trimBlanks(member, equals + 1, semicolon === -1 ? member.length : semicolon);
}

/** The properties of a member, raw; undefined when it has none. */
export function memberProperties(member: string): string | undefined {
  const semicolon = member.indexOf(';');
  return semicolon === -1 || semicolon === member.length - 1 ? undefined : member.slice(semicolon + 1);
}

/** Writes a member; keys and values are encoded only where the W3C's grammar wants it. */
export function formatMember(key: string, value: string, properties: string | undefined): string {
  const name = TOKEN.test(key) ? key : encode(key);
  const text = BAGGAGE_OCTETS.test(value) ? value : encode(value);
  // Properties are already text of the header; a comma would end the member.
  return properties ? `${name}=${text};${asciiOnly(properties).replaceAll(',', '%2C')}` : `${name}=${text}`;
}

function encode(text: string): string {
  // encodeURIComponent throws on a lone surrogate.
  return encodeURIComponent(text.toWellFormed());
}
