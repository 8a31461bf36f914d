/** Everything that arrived, within bounds, and those who wait for it. */

import { noTelemetry, type Telemetry, type TelemetryKinds } from './model.ts';

/** Decoded bytes that are kept: enough for any test, and little enough for a demo that runs for days. */
const MAX_BYTES = 64 * 1024 * 1024;
/** What a request weighs beside its body. */
const REQUEST_BYTES = 1024;

const KINDS = Object.keys(noTelemetry()) as (keyof TelemetryKinds)[]; // the literal has these keys only

interface Batch {
  readonly bytes: number;
  readonly counts: Readonly<Record<keyof TelemetryKinds, number>>;
}

/** Keeps the newest arrivals; the oldest requests go first, with all they brought. */
export class TelemetryStore {
  readonly telemetry: Telemetry = noTelemetry();
  readonly #batches: Batch[] = [];
  readonly #listeners = new Set<(arrived: Telemetry) => void>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Adds what one request brought, which took `size` bytes, and tells the listeners. */
  add(arrived: Telemetry, size: number): void {
    const bytes = size + REQUEST_BYTES;
    const counts = Object.fromEntries(KINDS.map((kind) => [kind, arrived[kind].length])) as Batch['counts']; // all KINDS
    for (const kind of KINDS) append(this.telemetry, arrived, kind);
    this.#batches.push({ bytes, counts });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes && this.#batches.length > 1) this.#evictOldest();
    for (const listener of [...this.#listeners]) listener(arrived);
  }

  clear(): void {
    for (const kind of KINDS) this.telemetry[kind].length = 0;
    this.#batches.length = 0;
    this.#bytes = 0;
  }

  /** @returns a function that ends it. */
  onArrival(listener: (arrived: Telemetry) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #evictOldest(): void {
    const oldest = this.#batches.shift();
    if (oldest === undefined) return;
    for (const kind of KINDS) this.telemetry[kind].splice(0, oldest.counts[kind]);
    this.#bytes -= oldest.bytes;
  }
}

function append<Kind extends keyof TelemetryKinds>(to: Telemetry, from: Telemetry, kind: Kind): void {
  for (const entry of from[kind]) to[kind].push(entry);
}
