import type { TraceState } from '@opentelemetry/api';
import { trimBlanks } from './blanks.ts';
import { propagationCounters } from './counters.ts';

/** W3C Trace Context level 2, tracestate limits: at most 32 members, keys and values up to 256 characters. */
const MAX_MEMBERS = 32;
const MAX_VALUE_LENGTH = 256;
/** "Vendors SHOULD propagate at least 512 characters"; beyond that we truncate. */
const MAX_OUTBOUND_LENGTH = 512;
/** Members longer than this go first when the header is truncated. */
const LONG_MEMBER = 128;
const MAX_INBOUND_LENGTH = 8192;

// Source: https://www.w3.org/TR/trace-context-2/#tracestate-header-field-values
const KEY = /^[0-9a-z][_0-9a-z\-*/@]{0,255}$/;
const VALUE = /^[ -+\--<>-~]*[!-+\--<>-~]$/;

/**
 * Whether a tracestate key is Sentry's own. Older Sentry SDKs put `sentry.dsc`, `sentry.url` and others into
 * the header; the commas in a DSC make further `sentry-…` members of it. None of them is passed on.
 */
export function isReservedKey(key: string): boolean {
  return key.startsWith('sentry') && (key.length === 6 || key[6] === '.' || key[6] === '-');
}

/** A serialised tracestate less its reserved members. */
export function withoutReservedMembers(text: string): string {
  if (!text.includes('sentry')) return text;
  return text
    .split(',')
    .filter((member) => !isReservedKey(keyOf(member.trim())))
    .join(',');
}

function keyOf(member: string): string {
  const equals = member.indexOf('=');
  return equals === -1 ? member : member.slice(0, equals);
}

function isValue(value: string): boolean {
  return value.length <= MAX_VALUE_LENGTH && VALUE.test(value);
}

/**
 * An immutable W3C trace state whose members are known to be valid, in the order received. Level 2 of the
 * specification, where OpenTelemetry's class knows level 1: keys may start with a digit and hold `@` anywhere
 * after the first character.
 */
export class W3CTraceState implements TraceState {
  static readonly EMPTY = new W3CTraceState([], []);
  readonly #keys: readonly string[];
  readonly #members: readonly string[];

  /** @internal Use {@link parseTraceState}; `members` are `key=value`, valid and in step with `keys`. */
  constructor(keys: readonly string[], members: readonly string[]) {
    this.#keys = keys;
    this.#members = members;
  }

  get(key: string): string | undefined {
    return this.#members[this.#keys.indexOf(key)]?.slice(key.length + 1);
  }

  /**
   * Puts the member in front, as the specification wants of changed members; beyond 32 members the last one
   * goes. An illegal key or value returns this trace state unchanged.
   */
  set(key: string, value: string): W3CTraceState {
    if (!KEY.test(key) || isReservedKey(key) || !isValue(value)) return this;
    const rest = this.unset(key);
    return new W3CTraceState(
      [key, ...rest.#keys].slice(0, MAX_MEMBERS),
      [`${key}=${value}`, ...rest.#members].slice(0, MAX_MEMBERS),
    );
  }

  unset(key: string): W3CTraceState {
    const index = this.#keys.indexOf(key);
    return index === -1
      ? this
      : new W3CTraceState(this.#keys.toSpliced(index, 1), this.#members.toSpliced(index, 1));
  }

  serialize(): string {
    return this.#members.length === 1 ? (this.#members[0] ?? '') : this.#members.join(',');
  }
}

/**
 * Parses a `tracestate` header, several of them joined by commas in order. Undefined when empty, and when any
 * member is invalid, there are more than 32 of them or more than 8 KiB: such a list is discarded whole while
 * its `traceparent` stays. Of members with the same key the first (the most recent) stays. Sentry's own
 * members, which older SDKs wrote with illegal keys, are left out.
 */
export function parseTraceState(text: string): W3CTraceState | undefined {
  if (text.length > MAX_INBOUND_LENGTH) {
    propagationCounters.oversized++;
    return undefined;
  }
  const keys: string[] = [];
  const members: string[] = [];
  let seen = 0;
  for (let from = 0; from <= text.length; ) {
    const comma = text.indexOf(',', from);
    const next = comma === -1 ? text.length : comma;
    const member = trimBlanks(text, from, next);
    from = next + 1;
    if (member === '') continue;

    const key = keyOf(member);
    if (isReservedKey(key)) continue;
    if (++seen > MAX_MEMBERS) {
      propagationCounters.oversized++;
      return undefined;
    }
    if (!KEY.test(key) || !isValue(member.slice(key.length + 1))) {
      propagationCounters.malformed++;
      return undefined;
    }
    if (keys.includes(key)) continue;
    keys.push(key);
    members.push(member);
  }
  return keys.length === 0 ? undefined : new W3CTraceState(keys, members);
}

/**
 * The `tracestate` header for a trace state; '' when there is nothing to send. Truncated to 512 characters
 * the specification's way: members longer than 128 characters first, then from the end.
 * Source: https://www.w3.org/TR/trace-context-2/#tracestate-limits
 */
export function formatTraceState(traceState: TraceState | undefined): string {
  if (traceState === undefined) return '';
  // Another library's class has validated by other rules, or not at all.
  const valid = traceState instanceof W3CTraceState ? traceState : parseTraceState(traceState.serialize());
  const text = valid?.serialize() ?? '';
  return text.length <= MAX_OUTBOUND_LENGTH ? text : truncate(text);
}

function truncate(text: string): string {
  const members = text.split(',');
  const total = members.length;
  let length = text.length;
  for (let index = members.length - 1; index >= 0 && length > MAX_OUTBOUND_LENGTH; index--) {
    const member = members[index] ?? '';
    if (member.length <= LONG_MEMBER) continue;
    members.splice(index, 1);
    length -= member.length + 1;
  }
  while (length > MAX_OUTBOUND_LENGTH) length -= (members.pop() ?? '').length + 1;
  propagationCounters.droppedOutbound += total - members.length;
  return members.join(',');
}
