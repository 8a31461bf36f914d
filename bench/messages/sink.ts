import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A backend that answers 200 and throws away what it gets: reading it would cost the bench the machine. */
export interface Blackhole extends AsyncDisposable {
  readonly url: string;
  /** How many bytes came for each first folder of the path. */
  readonly received: ReadonlyMap<string, number>;
}

export async function startBlackhole(): Promise<Blackhole> {
  const received = new Map<string, number>();
  const server = createServer((request, response) => {
    const folder = request.url?.split('/')[1] ?? '';
    request.on('data', (chunk: Buffer) => {
      received.set(folder, (received.get(folder) ?? 0) + chunk.length);
    });
    // Nothing is a whole answer in protobuf, too.
    request.on('end', () => response.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // of a server on a port
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
