import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Attempts } from '../../../../src/messaging/kafkajs/attempts.ts';

describe('the attempts at a Kafka message', () => {
  it('count from nothing, for as long as the same offset comes again', () => {
    const attempts = new Attempts();
    const counts = ['7', '7', '7', '8', '7'].map((offset) => attempts.deliver('orders', 0, offset)(offset));

    expect(counts).toEqual([0, 1, 2, 0, 0]);
  });

  it('are told apart by topic and partition', () => {
    const attempts = new Attempts();
    attempts.deliver('orders', 0, '7');

    expect(attempts.deliver('orders', 1, '7')('7')).toBe(0);
    expect(attempts.deliver('bills', 0, '7')('7')).toBe(0);
    expect(attempts.deliver('orders', 0, '7')('7')).toBe(1);
  });

  it('of a batch that has grown since count only for what was in it before', () => {
    const attempts = new Attempts();
    attempts.deliver('orders', 0, '7', '9');
    const retries = attempts.deliver('orders', 0, '7', '11');

    expect(['7', '9', '10', '11'].map(retries)).toEqual([1, 1, 0, 0]);
  });

  it('compare offsets as numbers, beyond what a double holds', () => {
    const attempts = new Attempts();
    attempts.deliver('orders', 0, '9', '9007199254740993');
    const retries = attempts.deliver('orders', 0, '9', '9007199254740999');

    expect(['10', '9007199254740993', '9007199254740994'].map(retries)).toEqual([1, 1, 0]);
  });

  it('go on after a rebalance for the partitions that stayed, and are forgotten for the others', () => {
    const attempts = new Attempts();
    for (const partition of [0, 1]) attempts.deliver('orders', partition, '7');
    attempts.keepOnly({ orders: [1, 2] });

    expect(attempts.deliver('orders', 0, '7')('7')).toBe(0);
    expect(attempts.deliver('orders', 1, '7')('7')).toBe(1);
  });

  it('are forgotten where a rebalance tells no assignment', () => {
    const attempts = new Attempts();
    attempts.deliver('orders', 0, '7');
    attempts.keepOnly(undefined);

    expect(attempts.deliver('orders', 0, '7')('7')).toBe(0);
  });

  it('are as many as the deliveries in a row that began at the offset', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 })), (offsets) => {
        const attempts = new Attempts();
        const counts = offsets.map((offset) => attempts.deliver('orders', 0, `${offset}`)(`${offset}`));

        expect(counts).toEqual(
          offsets.map((offset, index) => {
            const before = offsets.slice(0, index).toReversed();
            const other = before.findIndex((earlier) => earlier !== offset);
            return other < 0 ? before.length : other;
          }),
        );
      }),
    );
  });
});
