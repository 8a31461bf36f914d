interface Delivery {
  readonly first: string;
  readonly last: string;
  readonly retries: number;
}

/** How often a message was delivered before. @param offset the message's. */
export type RetryCount = (offset: string) => number;

const FIRST_DELIVERY: RetryCount = () => 0;

/**
 * Tells the attempts at a message apart. When a handler fails, kafkajs fetches again from the offset that it failed
 * at; so what begins where the partition's last delivery began is a retry. Of each partition only that is kept.
 */
export class Attempts {
  readonly #deliveries = new Map<string, Delivery>();

  /** Notes a delivery of the messages between two offsets. */
  deliver(topic: string, partition: number, first: string, last: string = first): RetryCount {
    const key = `${topic}/${partition}`;
    const before = this.#deliveries.get(key);
    const isRetry = before?.first === first;
    const retries = isRetry ? before.retries + 1 : 0;
    this.#deliveries.set(key, { first, last, retries });
    if (!isRetry) return FIRST_DELIVERY;
    // A batch may hold more than at the attempt before.
    const seen = BigInt(before.last);
    return (offset) => (BigInt(offset) <= seen ? retries : 0);
  }

  /** @param assignment topics with their partitions, as told when a consumer has joined its group. */
  keepOnly(assignment: Readonly<Record<string, readonly number[]>> = {}): void {
    const kept = new Set(
      Object.entries(assignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => `${topic}/${partition}`),
      ),
    );
    for (const key of this.#deliveries.keys()) if (!kept.has(key)) this.#deliveries.delete(key);
  }
}
