import { OpenOperations } from '../open-operations.ts';
import type { Outcome } from '../outcome.ts';
import type { Processing } from '../processing.ts';
import { messagingOptions } from '../runtime.ts';

/** What became of a delivered message. */
type Settlement = 'ack' | 'nack' | 'reject' | 'requeue' | 'recover' | 'unsettled' | 'channel_closed';

/** A message on its way through a handler: over when the handler has finished and the message is settled. */
export class Delivery {
  readonly #processing: Processing;
  #isHandled = false;
  #settled: Outcome | undefined;

  /** @param settled what is known of its settlement already. */
  constructor(processing: Processing, settled?: Outcome) {
    this.#processing = processing;
    this.#settled = settled;
  }

  get ended(): boolean {
    return this.#processing.ended;
  }

  /** The handler has finished. Where it failed, nobody may be left to settle the message. */
  handled(hasFailed: boolean): void {
    this.#isHandled = true;
    if (this.#settled !== undefined || hasFailed) this.#processing.end(this.#settled);
  }

  settle(outcome: Outcome): void {
    this.#settled ??= outcome;
    if (this.#isHandled) this.#processing.end(this.#settled);
  }

  /** Its time is over, or there are too many of them. */
  expire(): void {
    if (this.#settled === undefined) this.#processing.span.addEvent('messaging.unsettled');
    this.#processing.end(this.#settled ?? outcomeOf('unsettled'));
  }
}

/**
 * The deliveries of a channel that aren't over, by delivery tag: it is the channel's own number for a delivery, and
 * all that the broker looks at when a message is settled, be it a copy.
 */
export class Deliveries {
  readonly #open = new OpenOperations<number, Delivery>((delivery) => delivery.expire());

  add(tag: number, delivery: Delivery): void {
    this.#open.add(tag, delivery, messagingOptions().settlementTimeoutMs);
  }

  handled(tag: number, delivery: Delivery, hasFailed: boolean): void {
    delivery.handled(hasFailed);
    if (delivery.ended) this.#open.take(tag);
  }

  settle(tag: number, outcome: Outcome): void {
    const delivery = this.#open.get(tag);
    delivery?.settle(outcome);
    if (delivery?.ended) this.#open.take(tag);
  }

  settleUpTo(last: number, outcome: Outcome): void {
    for (const [tag] of this.#open.entries()) {
      if (tag > last) break; // tags rise
      this.settle(tag, outcome);
    }
  }

  settleAll(outcome: Outcome): void {
    this.settleUpTo(Number.POSITIVE_INFINITY, outcome);
  }

  /** The broker gives what isn't settled to others. */
  closed(): void {
    for (const delivery of this.#open.takeAll()) delivery.settle(outcomeOf('channel_closed'));
  }
}

export function outcomeOf(settlement: Settlement, errorType?: string): Outcome {
  return { errorType, attributes: { 'messaging.rabbitmq.settlement': settlement } };
}
