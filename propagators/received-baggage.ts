import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  propagation,
} from '@opentelemetry/api';
import { memberKey, memberProperties, memberValue, percentDecode } from './baggage-member.ts';

/**
 * Baggage as it was received. Most services pass baggage on and never look at it, so members are decoded on
 * first use, and what nobody changed goes out exactly as it came in. Changing it gives an ordinary OpenTelemetry
 * baggage.
 */
export class ReceivedBaggage implements Baggage {
  /** The members as received: ASCII, valid, at most 64 of them and 8 KiB in all. */
  readonly header: string;
  #decoded: Baggage | undefined;

  constructor(header: string) {
    this.header = header;
  }

  getEntry(key: string): BaggageEntry | undefined {
    return this.#baggage().getEntry(key);
  }

  getAllEntries(): [string, BaggageEntry][] {
    return this.#baggage().getAllEntries();
  }

  setEntry(key: string, entry: BaggageEntry): Baggage {
    return this.#baggage().setEntry(key, entry);
  }

  removeEntry(key: string): Baggage {
    return this.#baggage().removeEntry(key);
  }

  removeEntries(...keys: string[]): Baggage {
    return this.#baggage().removeEntries(...keys);
  }

  clear(): Baggage {
    return this.#baggage().clear();
  }

  #baggage(): Baggage {
    this.#decoded ??= decodeMembers(this.header);
    return this.#decoded;
  }
}

function decodeMembers(header: string): Baggage {
  // Without a prototype: a member named __proto__ is a member like any other.
  const entries: Record<string, BaggageEntry> = Object.create(null);
  for (const member of header.split(',')) {
    const key = memberKey(member);
    if (key === undefined) continue;
    const value = percentDecode(memberValue(member, member.indexOf('=')));
    const properties = memberProperties(member);
    entries[key] =
      properties === undefined ? { value } : { value, metadata: baggageEntryMetadataFromString(properties) };
  }
  return propagation.createBaggage(entries);
}
