import { createRequire } from 'node:module';
import type { Consumer } from 'kafkajs';
import { BODY, type ClientOptions, type MessagingClient, type Step } from './client.ts';

// By require: OpenTelemetry's register instruments no package that an ES module imports.
const { Kafka, logLevel } = createRequire(import.meta.url)('kafkajs') as typeof import('kafkajs');

const MESSAGES = 4_000;
const PER_CALL = 100;
const SINGLES = 1_000;
/** What one request sends, a call each, all under way at once. */
const BURST = 5;

/** The topics that {@link connectKafkajs} uses: it needs them to be there, and empty. */
export function topicsOf(destination: string): readonly [consumed: string, left: string] {
  return [destination, `${destination}-singles`];
}

/** Sends many and single messages a call, and consumes by `eachMessage` and by `eachBatch`. */
export async function connectKafkajs(options: ClientOptions): Promise<MessagingClient> {
  const { address, destination, inRequest, onHeaders } = options;
  const [topic, singles] = topicsOf(destination);
  const kafka = new Kafka({ clientId: 'bench', brokers: address.split(','), logLevel: logLevel.ERROR });
  const producer = kafka.producer();
  await producer.connect();
  const message = () => ({ key: '1001', value: BODY, headers: { tenant: 'acme' } });

  const sending = (name: string, messages: number, inOneRequest: () => Promise<number>): Step => ({
    name,
    messages,
    async run() {
      const started = performance.now();
      for (let sent = 0; sent < messages; ) {
        await inRequest(async () => {
          sent += await inOneRequest();
        });
      }
      return performance.now() - started;
    },
  });

  const batches = sending(`send, ${PER_CALL} a call`, MESSAGES, async () => {
    await producer.send({ topic, messages: Array.from({ length: PER_CALL }, message) });
    return PER_CALL;
  });
  const single = sending('send, one a call', SINGLES, async () => {
    await Promise.all(
      Array.from({ length: BURST }, () => producer.send({ topic: singles, messages: [message()] })),
    );
    return BURST;
  });
  const each = await consuming('eachMessage', (delivered) => ({
    eachMessage: async ({ message }) => {
      onHeaders(message.headers);
      delivered(1);
    },
  }));
  const batch = await consuming('eachBatch', (delivered) => ({
    eachBatch: async ({ batch: { messages } }) => {
      onHeaders(messages[0]?.headers);
      delivered(messages.length);
    },
  }));

  /** A consumer that rests but while its step runs. */
  async function consuming(name: string, handlers: Handlers): Promise<Step & { close(): Promise<void> }> {
    const consumer: Consumer = kafka.consumer({ groupId: `${topic}-${name}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    let handled = 0;
    let started = 0;
    let done = Promise.withResolvers<void>();
    const delivered = (count: number) => {
      handled += count;
      if (handled >= MESSAGES) done.resolve();
    };
    // While it rests it fetches nothing, again and again; what counts is the fetch that brings the first message.
    consumer.on(consumer.events.FETCH_START, () => {
      if (handled === 0) started = performance.now();
    });
    await consumer.run(handlers(delivered));
    consumer.pause([{ topic }]);
    return {
      name,
      messages: MESSAGES,
      async run() {
        handled = 0;
        done = Promise.withResolvers();
        consumer.resume([{ topic }]);
        await done.promise;
        consumer.pause([{ topic }]);
        return performance.now() - started;
      },
      close: () => consumer.disconnect(),
    };
  }

  return {
    steps: [batches, each, batch, single],
    async close() {
      await Promise.all([producer.disconnect(), each.close(), batch.close()]);
    },
  };
}

type Handlers = (delivered: (messages: number) => void) => Parameters<Consumer['run']>[0];
