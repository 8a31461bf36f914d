import type { Baggage } from '@opentelemetry/api';
import { asciiOnly, memberKey, memberValue, percentDecode, SENTRY_PREFIX } from './baggage-member.ts';
import { trimBlanks } from './blanks.ts';
import { propagationCounters } from './counters.ts';
import { ReceivedBaggage } from './received-baggage.ts';

/** W3C Baggage's limits: what every platform must pass on, and all that we read or write. */
export const MAX_BAGGAGE_LENGTH = 8192;
export const MAX_BAGGAGE_MEMBERS = 64;

/** The `sentry-*` members of a baggage: a dynamic sampling context (DSC). */
export interface SentryBaggage {
  /** All members as received, `sentry-a=b,sentry-c=d`. */
  readonly dsc: string;
  readonly traceId: string | undefined;
  readonly sampled: boolean | undefined;
  /** Text of a number in [0, 1), as received. */
  readonly sampleRand: string | undefined;
  readonly orgId: string | undefined;
}

/** A baggage header taken apart: Sentry's members for Sentry, all others for the application. */
export interface BaggageHeader {
  readonly sentry: SentryBaggage | undefined;
  readonly thirdParty: Baggage | undefined;
}

const SAMPLE_RAND = /^(?:0|0?\.\d{1,30}|\d(?:\.\d{1,30})?e-\d{1,3})$/;

/**
 * Parses one or several `baggage` headers. Beyond 8 KiB in all and 64 third-party members, what comes later is
 * dropped and counted; members without a key or an equals sign likewise. Of several headers with a DSC the last
 * one's counts, as of several `sentry-trace` headers the last valid one does.
 * Source: https://www.w3.org/TR/baggage/#limits
 */
export function parseBaggage(texts: string | readonly string[]): BaggageHeader {
  const reader = new BaggageReader();
  if (typeof texts === 'string') reader.read(texts);
  else for (const text of texts) reader.read(text);
  return reader;
}

class BaggageReader implements BaggageHeader {
  sentry: SentryBaggage | undefined = undefined;
  #room = MAX_BAGGAGE_LENGTH;
  #thirdParty = '';
  #thirdPartyCount = 0;

  get thirdParty(): Baggage | undefined {
    return this.#thirdParty === '' ? undefined : new ReceivedBaggage(this.#thirdParty);
  }

  read(received: string): void {
    const text = this.#cut(asciiOnly(received));
    let dsc: DscReader | undefined;
    for (let from = 0; from < text.length; ) {
      const comma = text.indexOf(',', from);
      const next = comma === -1 ? text.length : comma;
      const member = trimBlanks(text, from, next);
      from = next + 1;
      if (member === '') continue;
      if (member.startsWith(SENTRY_PREFIX)) {
        dsc ??= new DscReader();
        dsc.add(member);
      } else {
        this.#addThirdParty(member);
      }
    }
    if (dsc?.finish()) this.sentry = dsc;
  }

  #cut(text: string): string {
    const room = this.#room;
    this.#room = Math.max(0, room - text.length);
    if (text.length <= room) return text;
    propagationCounters.oversized++;
    return text.slice(0, Math.max(0, text.lastIndexOf(',', room)));
  }

  #addThirdParty(member: string): void {
    const key = memberKey(member);
    // A percent-encoded key may turn out to be one of Sentry's; a real one is never encoded.
    if (key === undefined || key.startsWith(SENTRY_PREFIX)) {
      propagationCounters.malformed++;
    } else if (this.#thirdPartyCount === MAX_BAGGAGE_MEMBERS) {
      propagationCounters.oversized++;
    } else {
      this.#thirdParty = this.#thirdPartyCount++ === 0 ? member : `${this.#thirdParty},${member}`;
    }
  }
}

class DscReader implements SentryBaggage {
  dsc = '';
  traceId: string | undefined = undefined;
  sampled: boolean | undefined = undefined;
  sampleRand: string | undefined = undefined;
  orgId: string | undefined = undefined;
  #repeated = false;

  add(member: string): void {
    const equals = member.indexOf('=');
    if (equals <= SENTRY_PREFIX.length) {
      propagationCounters.malformed++;
      return;
    }
    this.dsc = this.dsc === '' ? member : `${this.dsc},${member}`;
    switch (member.slice(SENTRY_PREFIX.length, equals)) {
      case 'trace_id':
        this.#repeated ||= this.traceId !== undefined;
        this.traceId = percentDecode(memberValue(member, equals));
        break;
      case 'sampled':
        this.sampled = sampledOf(memberValue(member, equals));
        break;
      case 'sample_rand':
        this.sampleRand = sampleRandOf(memberValue(member, equals));
        break;
      case 'org_id':
        this.orgId = percentDecode(memberValue(member, equals));
        break;
    }
  }

  /** Settles what was read; false when there was no valid member. */
  finish(): boolean {
    // Two contexts in one header are repeated headers that a proxy joined: the later member of a key counts.
    if (this.#repeated) {
      const members = new Map<string, string>();
      for (const member of this.dsc.split(',')) members.set(member.slice(0, member.indexOf('=')), member);
      this.dsc = [...members.values()].join(',');
    }
    return this.dsc !== '';
  }
}

function sampledOf(value: string): boolean | undefined {
  if (value === 'true') return true;
  return value === 'false' ? false : undefined;
}

function sampleRandOf(value: string): string | undefined {
  return SAMPLE_RAND.test(value) && Number(value) < 1 ? value : undefined;
}
