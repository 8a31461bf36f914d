import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** @throws where the environment doesn't have it. */
export function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

/** On SIGTERM the process ends by itself: once everything is closed, nothing keeps it alive. */
export function onStop(close: () => unknown): void {
  process.once('SIGTERM', close);
  // Ctrl-C reaches all processes of a terminal; whoever started the services ends them one after the other.
  process.on('SIGINT', () => undefined);
}

/** Says where a server listens. */
export function announce(service: string, server: Server): void {
  server.once('listening', () => {
    console.log(`${service} listening on ${(server.address() as AddressInfo).port}`); // it listens on TCP
  });
}

/** A JSON request that ends within ten seconds. */
export function postJson(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
}
