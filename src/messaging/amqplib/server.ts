import { type Attributes, context } from '@opentelemetry/api';
import { patchMethod } from '../../patch-method.ts';
import type { Telemetry } from '../messaging-instrumentation.ts';
import type { AmqpChannel } from './client.ts';

/** The broker at the other end of a connection. Credentials are in neither. */
export interface Server {
  readonly attributes: Attributes;
  readonly obsoleteAttributes: Attributes;
}

const servers = new WeakMap<object, Server>();

export function serverOf({ connection }: AmqpChannel): Server | undefined {
  return servers.get(connection);
}

/**
 * Remembers where each connection goes. The callback, to which both APIs' connections come, keeps its caller's
 * context.
 *
 * @param connect the exports of `lib/connect.js`.
 */
export function patchConnect(connect: object, telemetry: Telemetry): void {
  patchMethod(connect, 'connect', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const [url, options, callback] = args;
      if (typeof callback !== 'function') return original.apply(this, args);
      const connected = (...results: unknown[]) => {
        const [, connection] = results;
        const server = describeServer(url);
        if (typeof connection === 'object' && connection !== null && server !== undefined) {
          servers.set(connection, server);
        }
        return callback(...results);
      };
      const bound = telemetry.isEnabled() ? context.bind(context.active(), connected) : connected;
      return original.call(this, url, options, bound);
    };
  });
}

/** What amqplib takes: a URL, its parts, or nothing for the local broker. */
export function describeServer(url: unknown): Server | undefined {
  if (typeof url === 'object' && url !== null) {
    const { protocol, hostname, port } = url as Record<string, unknown>; // checked below
    return server(`${protocol || 'amqp'}:`, String(hostname || 'localhost'), Number(port));
  }
  try {
    const { protocol, hostname, port } = new URL(String(url || 'amqp://localhost'));
    return server(protocol, hostname.replace(/^\[|\]$/g, ''), Number(port));
  } catch {
    // amqplib says so itself.
    return undefined;
  }
}

function server(protocol: string, address: string, givenPort: number): Server {
  const port = givenPort || (protocol === 'amqp:' ? 5672 : 5671);
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    attributes: { 'server.address': address, 'server.port': port },
    obsoleteAttributes: {
      'messaging.protocol': protocol.slice(0, -1).toUpperCase(),
      'messaging.protocol_version': '0.9.1',
      'messaging.url': `${protocol}//${host}:${port}`,
      'net.peer.name': address,
      'net.peer.port': port,
    },
  };
}
