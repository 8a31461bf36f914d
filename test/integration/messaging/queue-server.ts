/** A broker as plain as can be: lists and queues in memory, commands and replies as lines of JSON on a socket. */

import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

type Attributes = Readonly<Record<string, { readonly StringValue: string }>>;

interface Delivery {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MessageAttributes: Attributes;
  readonly Attributes: { SentTimestamp: string; ApproximateReceiveCount: string };
}

export interface QueueServer extends AsyncDisposable {
  /** For `QUEUE_SOCKET`. */
  readonly path: string;
  /** The headers of all messages so far, as they stood on the wire. */
  readonly headers: readonly Readonly<Record<string, string>>[];
}

/** A command as `fixtures/clients.mjs` sends it. */
interface Command {
  readonly id: number;
  readonly name: string;
  readonly queue: string;
  readonly argument: unknown;
}

export async function startQueueServer(): Promise<QueueServer> {
  const path = join(tmpdir(), `queue-${crypto.randomUUID().slice(0, 8)}.sock`);
  const headers: Record<string, string>[] = [];
  const lists = new Map<string, string[]>();
  const queues = new Map<string, Delivery[]>();

  const commands: Readonly<Record<string, (queue: string, argument: never) => unknown>> = {
    lPush(list, element: string) {
      headers.push(JSON.parse(element).headers);
      return listOf(lists, list).unshift(element);
    },
    brPop: (list) => listOf(lists, list).pop() ?? null,
    sendMessage(queue, { Body, MessageAttributes }: Pick<Delivery, 'Body' | 'MessageAttributes'>) {
      const texts = Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]);
      headers.push(Object.fromEntries(texts));
      const id = crypto.randomUUID();
      const Attributes = { SentTimestamp: String(Date.now()), ApproximateReceiveCount: '0' };
      listOf(queues, queue).push({ MessageId: id, ReceiptHandle: id, Body, MessageAttributes, Attributes });
      return id;
    },
    /** What isn't deleted is delivered again. */
    receiveMessage(queue) {
      const messages = listOf(queues, queue);
      for (const { Attributes } of messages) {
        Attributes.ApproximateReceiveCount = String(Number(Attributes.ApproximateReceiveCount) + 1);
      }
      return messages;
    },
    deleteMessage(queue, handle: string) {
      queues.set(
        queue,
        listOf(queues, queue).filter(({ ReceiptHandle }) => ReceiptHandle !== handle),
      );
    },
  };

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    createInterface({ input: socket }).on('line', (line) => {
      const { id, name, queue, argument } = JSON.parse(line) as Command; // as its clients write it
      const result = commands[name]?.(queue, argument as never); // what that command takes
      socket.write(`${JSON.stringify({ id, result })}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    headers,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listOf<Item>(lists: Map<string, Item[]>, name: string): Item[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}
