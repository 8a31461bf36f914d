import { describe, expect, it } from 'vitest';
import { copyWith } from '../../../../src/messaging/kafkajs/copy-with.ts';

describe('a copy of an object of the application', () => {
  it('has other values where they are replaced, and leaves a frozen original as it is', () => {
    const original = Object.freeze({ topic: 'orders', acks: 1 });

    expect(copyWith(original, { topic: 'bills' })).toEqual({ topic: 'bills', acks: 1 });
    expect(original.topic).toBe('orders');
  });

  it('has what the accessors of its classes give, private fields or not', () => {
    class Message {
      readonly #text: string;
      constructor(text: string) {
        this.#text = text;
      }
      get value() {
        return this.#text;
      }
    }
    class KeyedMessage extends Message {
      get key() {
        return `key of ${this.value}`;
      }
    }

    const copy = copyWith(new KeyedMessage('paid'), { value: 'refunded' });

    expect({ ...copy }).toMatchObject({ value: 'refunded', key: 'key of paid' });
  });

  it('takes an object without a prototype', () => {
    const original = Object.assign(Object.create(null) as { topic: string }, { topic: 'orders' });

    expect(copyWith(original, {})).toEqual({ topic: 'orders' });
  });
});
