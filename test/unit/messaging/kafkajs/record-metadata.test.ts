import { describe, expect, it } from 'vitest';
import { placesOf } from '../../../../src/messaging/kafkajs/record-metadata.ts';

const record = { topicName: 'orders', partition: 2, errorCode: 0, baseOffset: '40' };

describe('where the broker has put the messages of a call', () => {
  it('is told of each where all went to one partition', () => {
    const { partition, offset } = placesOf('orders', [{ ...record, topicName: 'bills' }, record]);

    expect(partition).toEqual({ 'messaging.destination.partition.id': '2' });
    expect([0, 1].map(offset)).toEqual([{ 'messaging.kafka.offset': 40 }, { 'messaging.kafka.offset': 41 }]);
  });

  it('is not told where they went to several: which went where is not known', () => {
    const { partition, offset } = placesOf('orders', [record, { ...record, partition: 3 }]);

    expect({ ...partition, ...offset(0) }).toEqual({});
  });

  it('is not told where no acknowledgement was asked for', () => {
    const { partition, offset } = placesOf('orders', []);

    expect({ ...partition, ...offset(0) }).toEqual({});
  });

  it('comes from the field `offset` of old brokers', () => {
    const { baseOffset: _, ...old } = record;

    expect(placesOf('orders', [{ ...old, offset: '7' }]).offset(1)).toEqual({ 'messaging.kafka.offset': 8 });
  });

  it.each(['-1', 'x', '9007199254740993'])('has no offset where the broker says %s', (baseOffset) => {
    expect(placesOf('orders', [{ ...record, baseOffset }]).offset(0)).toEqual({});
  });
});
