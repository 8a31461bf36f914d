import type { TextMapGetter } from '@opentelemetry/api';
import { readLast } from '../carrier.ts';
import { propagationCounters } from '../counters.ts';
import type { ForeignCodec, ReadHeader } from './codec.ts';
import type { ForeignParent } from './foreign-parent.ts';

/** Longer values than this are none of these formats; it is Datadog's own limit for its tags. */
const MAX_LENGTH = 512;

/** Several formats in order of precedence. */
export class CodecList {
  readonly #codecs: readonly ForeignCodec[];
  /** In lowercase. */
  readonly #names: ReadonlySet<string>;
  readonly #longestName: number;

  constructor(codecs: readonly ForeignCodec[]) {
    this.#codecs = codecs;
    const names = codecs.flatMap(({ fields }) => fields).map((name) => name.toLowerCase());
    this.#names = new Set(names);
    this.#longestName = Math.max(0, ...names.map((name) => name.length));
  }

  /**
   * The parent that the first format with valid headers names, whatever the case of the headers' names. One pass over
   * the carrier's keys tells whether there is any: asking for each name in turn would be a pass each. Never throws: a
   * carrier or getter that does is counted.
   */
  read(carrier: unknown, getter: TextMapGetter<unknown>): ForeignParent | undefined {
    const present = this.#present(carrier, getter);
    if (present.size === 0) return undefined;
    const header: ReadHeader = (name, parse) => {
      const key = present.get(name.toLowerCase());
      return key === undefined ? undefined : readLast(carrier, getter, key, MAX_LENGTH, parse);
    };
    for (const codec of this.#codecs) {
      const parent = codec.read(header);
      if (parent !== undefined) return parent;
    }
    return undefined;
  }

  /** By its lowercase, how each header of these formats is spelled here; in lowercase if that is there or several are. */
  #present(carrier: unknown, getter: TextMapGetter<unknown>): ReadonlyMap<string, string> {
    const present = new Map<string, string>();
    try {
      for (const key of getter.keys(carrier)) {
        if (key.length > this.#longestName) continue;
        const name = key.toLowerCase();
        if (this.#names.has(name)) present.set(name, present.has(name) ? name : key);
      }
    } catch {
      propagationCounters.carrierErrors++;
    }
    return present;
  }
}
