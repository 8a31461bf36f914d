import type { Baggage } from '@opentelemetry/api';
import { MAX_BAGGAGE_LENGTH, MAX_BAGGAGE_MEMBERS } from './baggage.ts';
import { asciiOnly, formatMember, memberKey, SENTRY_PREFIX } from './baggage-member.ts';
import { trimBlanks } from './blanks.ts';
import { propagationCounters } from './counters.ts';
import { ReceivedBaggage } from './received-baggage.ts';

/** Below this length not even the shortest members (`a=,`) could be too many. */
const SHORT = MAX_BAGGAGE_MEMBERS * 3;

/** The third-party members of a context's baggage, encoded; '' when there are none. */
export function formatBaggage(baggage: Baggage | undefined): string {
  if (baggage === undefined) return '';
  if (baggage instanceof ReceivedBaggage) return baggage.header;
  let text = '';
  for (const [key, { value, metadata }] of baggage.getAllEntries()) {
    if (key === '' || key.startsWith(SENTRY_PREFIX)) continue;
    const member = formatMember(key, String(value), metadata?.toString());
    text = text === '' ? member : `${text},${member}`;
  }
  return text;
}

/**
 * Adds to the members a context writes those that stand on the carrier already, since an application or
 * another library put them there: for each key the context's member counts. With `replaceSentry` the carrier's
 * `sentry-*` members go, because Sentry's own are written anew.
 */
export function mergeCarrierBaggage(
  own: string,
  onCarrier: string | readonly string[],
  replaceSentry: boolean,
): string {
  const members = new Map<string, string>();
  for (const member of splitMembers(own)) members.set(memberKey(member) ?? member, member);
  const received = new Map<string, string>();
  for (const member of splitMembers(asciiOnly(String(onCarrier)))) {
    const key = memberKey(member);
    if (key === undefined || members.has(key) || (replaceSentry && key.startsWith(SENTRY_PREFIX))) continue;
    received.set(key, member);
  }
  return [...members.values(), ...received.values()].join(',');
}

function splitMembers(text: string): string[] {
  return text
    .split(',')
    .map((member) => trimBlanks(member))
    .filter((member) => member !== '');
}

/**
 * The `baggage` header of at most `room` characters (8 KiB at most) and 64 members. Sentry's members come
 * first and are the last to go, so that neither we nor a proxy that truncates loses them; what doesn't fit is
 * counted.
 */
export function joinWithinLimits(dsc: string, thirdParty: string, room: number): string {
  const joined = dsc === '' ? thirdParty : thirdParty === '' ? dsc : `${dsc},${thirdParty}`;
  if (joined.length <= room && (joined.length < SHORT || countMembers(joined) <= MAX_BAGGAGE_MEMBERS))
    return joined;

  const kept: string[] = [];
  let length = 0;
  let limit = MAX_BAGGAGE_LENGTH;
  for (const text of [dsc, thirdParty]) {
    for (const member of splitMembers(text)) {
      const next = length + member.length + (length === 0 ? 0 : 1);
      if (next > limit || kept.length === MAX_BAGGAGE_MEMBERS) {
        propagationCounters.droppedOutbound++;
        continue;
      }
      kept.push(member);
      length = next;
    }
    // Sentry's members have the whole header at their disposal, the others what the caller can spare.
    limit = room;
  }
  return kept.join(',');
}

function countMembers(text: string): number {
  let count = 1;
  for (let comma = text.indexOf(','); comma !== -1; comma = text.indexOf(',', comma + 1)) count++;
  return count;
}
