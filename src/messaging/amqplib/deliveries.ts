import { OpenOperations } from '../open-operations.ts';
import type { Outcome } from '../outcome.ts';
import type { Processing } from '../processing.ts';
import { messagingOptions } from '../runtime.ts';

/** What became of a delivered message. */
type Settlement = 'ack' | 'nack' | 'reject' | 'requeue' | 'recover' | 'unsettled' | 'channel_closed';

/** A delivered message: its processing is over when the handler has finished and the message is settled. */
export class Delivery {
  readonly #processing: Processing;
  #isHandled = false;
  #settled: Outcome | undefined;

  /** @param settled for a delivery that nobody has to settle. */
  constructor(processing: Processing, settled?: Outcome) {
    this.#processing = processing;
    this.#settled = settled;
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

  /** It was too long unsettled, or there were too many of them. */
  expire(): void {
    this.#processing.span.addEvent('messaging.unsettled');
    this.#processing.end(outcomeOf('unsettled'));
  }
}

/**
 * The unsettled deliveries of a channel, by delivery tag: it is the channel's own number for a delivery, and
 * all that the broker looks at when a message is settled, be it a copy.
 */
export class Deliveries {
  readonly #open = new OpenOperations<number, Delivery>((delivery) => delivery.expire());

  add(tag: number, delivery: Delivery): void {
    this.#open.add(tag, delivery, messagingOptions().settlementTimeoutMs);
  }

  /** Nothing that becomes of it matters any more. */
  forget(tag: number): void {
    this.#open.take(tag);
  }

  settle(tag: number, outcome: Outcome): void {
    this.#open.take(tag)?.settle(outcome);
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
