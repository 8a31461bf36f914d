import { describe, expect, it } from 'vitest';
import { describeServer } from '../../../../src/messaging/amqplib/server.ts';

describe('the broker of a connection', () => {
  it.each([
    ['a URL', 'amqp://broker.internal:5673/vhost', 'broker.internal', 5673],
    ['a URL without a port', 'amqp://broker.internal', 'broker.internal', 5672],
    ['TLS', 'amqps://broker.internal', 'broker.internal', 5671],
    ['an IPv6 address', 'amqp://[::1]:5673', '::1', 5673],
    ['nothing', undefined, 'localhost', 5672],
    ['parts', { hostname: 'broker.internal', port: 5673 }, 'broker.internal', 5673],
    ['parts with TLS', { protocol: 'amqps', hostname: 'broker.internal' }, 'broker.internal', 5671],
    ['no parts', {}, 'localhost', 5672],
  ])('is told by %s', (_, url, address, port) => {
    expect(describeServer(url)?.attributes).toEqual({ 'server.address': address, 'server.port': port });
  });

  it('is not told by what is no URL', () => {
    expect(describeServer('broker')).toBeUndefined();
  });

  it.each([
    ['a URL', 'amqp://user:secret@broker.internal/vhost?password=secret'],
    ['parts', { hostname: 'broker.internal', username: 'user', password: 'secret', vhost: 'vhost' }],
  ])("carries no credentials, also not in yesterday's attributes: %s", (_, url) => {
    const server = describeServer(url);
    expect(JSON.stringify(server)).not.toMatch(/user|secret/);
    expect(server?.obsoleteAttributes).toEqual({
      'messaging.protocol': 'AMQP',
      'messaging.protocol_version': '0.9.1',
      'messaging.url': 'amqp://broker.internal:5672',
      'net.peer.name': 'broker.internal',
      'net.peer.port': 5672,
    });
  });
});
