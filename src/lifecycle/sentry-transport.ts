import type { Envelope, Transport, TransportMakeRequestResponse } from '@sentry/core';
import { detachedHttp } from './detached-http.ts';
import { finishedWithin } from './keep-alive.ts';
import type { Payload, PendingPayloads } from './pending.ts';
import {
  envelopePayload,
  type MakeTransport,
  type RateLimits,
  type SentryCore,
  type SentryTransportOptions,
} from './sentry-payload.ts';

export interface TrackedTransportOptions {
  /** The `@sentry/core` of the client. */
  readonly core: SentryCore;
  /** The transport that sends in the ordinary way: Sentry's own, or the application's. */
  readonly makeTransport: MakeTransport;
  /** Makes the client hand over what it buffers (spans, logs, metrics), synchronously: `client.emit('flush')`. */
  readonly collect: () => void;
  readonly onDiagnostic: (line: string) => void;
}

/** Beyond this, envelopes are dropped, and counted as Sentry counts them (`queue_overflow`). */
const MAX_WAITING = 1_000;
/** How many envelopes Sentry's transports take at once, unless their `bufferSize` says otherwise. */
const DEFAULT_BUFFER_SIZE = 64;

interface Entry {
  readonly envelope: Envelope;
  /** What Sentry's client awaits. */
  readonly settle: (
    response: PromiseLike<TransportMakeRequestResponse> | TransportMakeRequestResponse,
  ) => void;
  /** Whether the operating system has all of the request. */
  written: boolean;
}

/**
 * Sentry's transport, with what it hasn't delivered yet in sight: the end of the process can take it over. Requests of
 * Sentry's own transport no longer keep the process alive, and envelopes beyond its buffer wait instead of being lost
 * (there is one for each trace).
 *
 * Give {@link makeTransport} to the client.
 */
export class TrackedTransport implements PendingPayloads {
  readonly #options: TrackedTransportOptions;
  readonly #lines: Line[] = [];

  constructor(options: TrackedTransportOptions) {
    this.#options = options;
  }

  readonly makeTransport = (options: SentryTransportOptions): Transport => {
    const line = new Line(this.#options, options);
    this.#lines.push(line);
    return line;
  };

  pause(): void {
    for (const line of this.#lines) line.pause();
  }

  resume(): void {
    for (const line of this.#lines) line.resume();
  }

  drainSync(): readonly Payload[] {
    this.pause();
    this.#options.collect();
    return this.#lines.flatMap((line) => line.takeOver());
  }

  async flush(timeoutMs: number): Promise<void> {
    this.#options.collect();
    await Promise.all(this.#lines.map((line) => line.flush(timeoutMs)));
  }

  /** Whether the event with this id has come this far; not if it was dropped, or is with an asynchronous hook. */
  hasSeen(eventId: string): boolean {
    return this.#lines.some((line) => line.lastEventId === eventId);
  }
}

/** The transport of one client. */
class Line implements Transport {
  readonly #core: SentryCore;
  readonly #options: SentryTransportOptions;
  readonly #onDiagnostic: (line: string) => void;
  readonly #transport: Transport;
  readonly #waiting: Entry[] = [];
  readonly #underWay = new Set<Entry>();
  /** The entry that is being given to the transport right now, while its request is made. */
  #current: Entry | undefined;
  #paused = false;
  #whenIdle: (() => void)[] = [];
  #rateLimits: RateLimits = {};
  lastEventId: string | undefined;

  constructor(
    { core, makeTransport, onDiagnostic }: TrackedTransportOptions,
    options: SentryTransportOptions,
  ) {
    this.#core = core;
    this.#options = options;
    this.#onDiagnostic = onDiagnostic;
    const httpModule = detachedHttp(options.url, options.httpModule, () => {
      const entry = this.#current;
      return () => {
        if (entry !== undefined) entry.written = true;
      };
    });
    this.#transport = makeTransport({ ...options, httpModule });
  }

  send(envelope: Envelope): Promise<TransportMakeRequestResponse> {
    const { event_id: eventId } = envelope[0];
    if (typeof eventId === 'string') this.lastEventId = eventId;
    const { promise, resolve } = Promise.withResolvers<TransportMakeRequestResponse>();
    if (this.#waiting.length >= MAX_WAITING) this.#drop(envelope, resolve);
    else this.#waiting.push({ envelope, settle: resolve, written: false });
    this.#sendWaiting();
    return promise;
  }

  async flush(timeoutMs?: number): Promise<boolean> {
    const done = await finishedWithin(this.#idle(), timeoutMs);
    return done ? await this.#transport.flush(timeoutMs) : false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#sendWaiting();
  }

  takeOver(): Payload[] {
    const entries = [...[...this.#underWay].filter(({ written }) => !written), ...this.#waiting.splice(0)];
    this.#underWay.clear();
    return entries.flatMap(({ envelope, settle }) => {
      settle({});
      try {
        return envelopePayload(this.#core, envelope, this.#options, this.#rateLimits) ?? [];
      } catch (error) {
        this.#onDiagnostic(`Sentry: an envelope can't be serialised (${error})`);
        return [];
      }
    });
  }

  #sendWaiting(): void {
    const capacity = this.#options.bufferSize ?? DEFAULT_BUFFER_SIZE;
    while (!this.#paused && this.#underWay.size < capacity) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      this.#underWay.add(entry);
      void this.#dispatch(entry);
    }
  }

  async #dispatch(entry: Entry): Promise<void> {
    this.#current = entry;
    // Sentry's transports make their request before `send` returns.
    const response = attempt(() => this.#transport.send(entry.envelope));
    this.#current = undefined;
    entry.settle(response);
    try {
      this.#rateLimits = this.#core.updateRateLimits(this.#rateLimits, await response);
    } catch {
      // Sentry's client logs it and its transport has counted it.
    }
    this.#underWay.delete(entry);
    this.#sendWaiting();
    if (this.#underWay.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #idle(): Promise<void> {
    if (this.#underWay.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  #drop(envelope: Envelope, settle: Entry['settle']): void {
    this.#onDiagnostic(`Sentry: more than ${MAX_WAITING} envelopes wait to be sent; one was dropped`);
    this.#core.forEachEnvelopeItem(envelope, ([header], type) => {
      const quantity =
        'item_count' in header && typeof header.item_count === 'number' ? header.item_count : 1;
      this.#options.recordDroppedEvent(
        'queue_overflow',
        this.#core.envelopeItemTypeToDataCategory(type),
        quantity,
      );
    });
    settle({});
  }
}

/** A transport that throws instead of rejecting is treated the same. */
async function attempt<T>(run: () => PromiseLike<T>): Promise<T> {
  return await run();
}
