import type { KafkaMessage } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import {
  describeReceived,
  describeSent,
  describeSentTogether,
} from '../../../../src/messaging/kafkajs/message.ts';

const source = { topic: 'orders', partition: 3, groupId: 'billing', clientId: 'worker' };

function received(message: Partial<KafkaMessage> = {}): KafkaMessage {
  const defaults = { key: null, value: Buffer.from('paid'), timestamp: '1795246560339', offset: '42' };
  // `attributes` is nothing kafkajs fills.
  return { ...defaults, attributes: 0, ...message } as KafkaMessage;
}

const keyOf = (key: KafkaMessage['key'] | string) =>
  describeSent('orders', { key, value: '' }, undefined).attributes?.['messaging.kafka.message.key'];

describe('a Kafka message that was received', () => {
  it('tells where it was, who got it, and when it was sent', () => {
    const headers = { kind: Buffer.from('card') };

    expect(describeReceived(received({ headers }), source, 2)).toMatchObject({
      system: 'kafka',
      destination: { name: 'orders' },
      headers,
      bodySize: 4,
      sentAt: 1_795_246_560_339,
      retryCount: 2,
      attributes: {
        'messaging.destination.partition.id': '3',
        'messaging.consumer.group.name': 'billing',
        'messaging.client.id': 'worker',
        'messaging.kafka.offset': 42,
      },
    });
  });

  it('has no time where the broker kept none', () => {
    expect(describeReceived(received({ timestamp: '-1' }), source, 0).sentAt).toBeUndefined();
  });

  it('keeps to itself what is not known of it', () => {
    const unknown = { ...source, groupId: undefined, clientId: undefined };

    expect(describeReceived(received({ offset: '9007199254740993' }), unknown, 0).attributes).toEqual({
      'messaging.destination.partition.id': '3',
    });
  });

  it('is a tombstone where its value is null', () => {
    const { bodySize, attributes } = describeReceived(received({ value: null }), source, 0);

    expect(bodySize).toBe(0);
    expect(attributes).toHaveProperty(['messaging.kafka.message.tombstone'], true);
  });
});

describe('a Kafka message about to be sent', () => {
  it('tells the partition that the application chose, and its size in bytes', () => {
    expect(describeSent('orders', { value: 'größer', partition: 0 }, 'worker')).toMatchObject({
      operation: 'send',
      bodySize: 8,
      attributes: { 'messaging.destination.partition.id': '0', 'messaging.client.id': 'worker' },
    });
  });

  it('has obsolete attributes as OpenTelemetry had them', () => {
    expect(describeSent('orders', { value: '' }, undefined).obsoleteAttributes).toEqual({
      'messaging.destination': 'orders',
      'messaging.destination_kind': 'topic',
    });
  });

  it('tells how many there are where one span stands for them', () => {
    const headers = { kind: 'card' };
    const together = describeSentTogether('orders', headers, { count: 500, clientId: 'worker' });

    expect(together).toMatchObject({ headers, batchSize: 500 });
    expect(together.bodySize).toBeUndefined();
  });
});

describe('the key of a Kafka message', () => {
  it.each([
    ['text', 'order-1', 'order-1'],
    ['text in bytes', Buffer.from('größe'), 'größe'],
  ])('is told where it is %s', (_, key, told) => {
    expect(keyOf(key)).toBe(told);
  });

  it.each([
    ['missing', null],
    ['empty', ''],
    ['a number in binary', Buffer.from([0, 0, 0, 42])],
    ['no UTF-8', Buffer.from([0xff, 0xfe, 0x41])],
  ])('is left out where it is %s', (_, key) => {
    expect(keyOf(key)).toBeUndefined();
  });

  it('is cut to 256 characters, never through one', () => {
    expect(keyOf('k'.repeat(300))).toBe('k'.repeat(256));
    expect(keyOf(`${'k'.repeat(255)}😀`)).toBe(`${'k'.repeat(255)}\uFFFD`);
  });
});
