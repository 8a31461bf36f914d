import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeDelivery,
  destinationName,
  retryCount,
  sentAt,
} from '../../../../src/messaging/amqplib/message.ts';

describe("a message's destination", () => {
  it.each([
    ['a queue, by the default exchange', ['', 'orders'], 'amq.default:orders'],
    ['an exchange with a routing key', ['events', 'order.created'], 'events:order.created'],
    ['an exchange that needs no routing key', ['fanout', ''], 'fanout'],
    ['an exchange named like its key', ['orders', 'orders'], 'orders'],
  ])('where it is sent: %s', (_, [exchange = '', key = ''], name) => {
    expect(destinationName(exchange, key)).toBe(name);
  });

  it.each([
    ['the same as where it was sent', ['', 'orders', 'orders'], 'amq.default:orders'],
    ['with the queue', ['events', 'order.created', 'mail'], 'events:order.created:mail'],
    ['without a routing key', ['fanout', '', 'mail'], 'fanout:mail'],
    ["a queue that the application didn't name", ['events', 'order.created', ''], 'events:order.created'],
  ])('where it is consumed: %s', (_, [exchange = '', key = '', queue = ''], name) => {
    expect(destinationName(exchange, key, queue)).toBe(name);
  });
});

describe('how often a message was delivered before', () => {
  it.each([
    ['a first delivery', {}, false, 0],
    ['a redelivery', {}, true, 1],
    ['a message without headers', undefined, true, 1],
    ["a quorum queue's count", { 'x-delivery-count': 3 }, true, 3],
    ['dead-lettered twice by one queue', { 'x-death': [{ count: 2, reason: 'rejected' }] }, false, 2],
    [
      'dead-lettered, and again by the queue it waited in',
      {
        'x-death': [
          { count: 1, reason: 'expired' },
          { count: 1, reason: 'rejected' },
        ],
      },
      false,
      1,
    ],
    ['delayed before its first delivery', { 'x-death': [{ count: 1, reason: 'expired' }] }, false, 0],
    ['dead-lettered by several queues', { 'x-death': [{ count: 2 }, { count: 1 }] }, true, 3],
    ['dead-lettering before a count', { 'x-death': [{ count: 1 }], 'x-delivery-count': 5 }, true, 1],
    ['counts that are none', { 'x-death': [{ count: '2' }, null, 7], 'x-delivery-count': -1 }, true, 1],
    ['an empty record', { 'x-death': [], 'x-delivery-count': 4 }, false, 4],
  ])('%s', (_, headers, redelivered, count) => {
    expect(retryCount(headers, redelivered)).toBe(count);
  });

  it('is not what a header named __proto__ says', () => {
    const headers = Object.create({ 'x-delivery-count': 9, 'x-death': [{ count: 9 }] });
    expect(retryCount(headers, false)).toBe(0);
  });

  it('is a count, whatever the headers', () => {
    const value = fc.anything({ withBigInt: true });
    const headers = fc.record(
      { 'x-death': fc.oneof(value, fc.array(value)), 'x-delivery-count': value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(headers, fc.boolean(), (table, redelivered) => {
        expect(retryCount(table, redelivered)).toSatisfy((n: number) => Number.isInteger(n) && n >= 0);
      }),
    );
  });
});

describe('when a message was sent', () => {
  it.each([
    ['seconds, as AMQP has them', 1_795_245_931, 1_795_245_931_000],
    ['milliseconds, as applications put them there', 1_795_245_931_868, 1_795_245_931_868],
    ['nothing', undefined, undefined],
    ['zero', 0, undefined],
    ['what is no time', Number.NaN, undefined],
    ['text', '1795245931', undefined],
  ])('%s', (_, timestamp, time) => {
    expect(sentAt(timestamp)).toBe(time);
  });
});

it('a delivered message is described by its fields and properties', () => {
  const headers = { tenant: 'acme' };
  const message = {
    content: Buffer.from('order'),
    fields: { exchange: 'events', routingKey: 'order.created', deliveryTag: 7, redelivered: true },
    properties: { headers, messageId: 'm1', correlationId: 'c1', timestamp: 1_795_245_931 },
  };
  expect(describeDelivery({ connection: {} }, 'mail', message)).toEqual({
    system: 'rabbitmq',
    destination: { name: 'events:order.created:mail' },
    headers,
    id: 'm1',
    conversationId: 'c1',
    bodySize: 5,
    sentAt: 1_795_245_931_000,
    retryCount: 1,
    attributes: {
      'messaging.rabbitmq.destination.routing_key': 'order.created',
      'messaging.rabbitmq.message.delivery_tag': 7,
    },
    obsoleteAttributes: undefined,
  });
});
