/** A network between an application and the broker that can be cut. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { brokers } from '../scenario.ts';

export class AmqpProxy implements AsyncDisposable {
  /** Where the application finds the broker. */
  readonly url: string;
  readonly #server: Server;
  readonly #port: number;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.#port = (server.address() as AddressInfo).port; // it listens on TCP
    const url = new URL(brokers().amqpUrl);
    url.host = `127.0.0.1:${this.#port}`;
    this.url = url.href;
  }

  static async start(): Promise<AmqpProxy> {
    const broker = new URL(brokers().amqpUrl);
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      const onward = connect(Number(broker.port || 5672), broker.hostname);
      for (const [from, to] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        sockets.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy()); // cut: both ends see it
        from.on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
      }
    });
    await listen(server, 0);
    return new AmqpProxy(server, sockets);
  }

  /** Ends all connections and refuses new ones. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  restore(): Promise<void> {
    return listen(this.#server, this.#port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.cut();
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
