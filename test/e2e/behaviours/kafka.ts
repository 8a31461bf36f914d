/** A Kafka application with a topic in and a topic out, and what a test does at both ends. */

import { randomUUID } from 'node:crypto';
import type { IHeaders, ITopicConfig, KafkaMessage, Message } from 'kafkajs';
import type { Sink, SinkSpan } from '../../support/sink/index.ts';
import type { Application, KafkaClients, Stage } from './harness.ts';

/** What the handler of `fixtures/kafka.mjs` saw of a message. */
export interface Delivery {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly traceFlags?: number;
  readonly groupId: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly offset: string;
  /** The names of the message's headers. */
  readonly headers: readonly string[];
  readonly baggage: Readonly<Record<string, string>>;
}

/** The same of a batch; `messages` seen in a context of their own come once more, with `inContext`. */
export interface BatchDelivery {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly keys: readonly string[];
  readonly messages: readonly (Delivery & { readonly inContext?: true })[];
}

/** A message as it is on the wire; every header with all its values. */
export interface WireMessage {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** What `send` of `fixtures/kafka.mjs` tells. */
export interface Sent {
  /** The span in which it sent. */
  readonly span: { readonly traceId: string; readonly spanId: string };
  readonly error?: string;
  /** Whether what the application had passed looked different afterwards. */
  readonly changed: boolean;
}

export interface SendOptions {
  /** See `send` in `fixtures/kafka.mjs`. */
  readonly as?: readonly (
    | 'batch'
    | 'frozen'
    | 'injected by hand'
    | 'kept context'
    | 'no span'
    | 'shared headers'
    | 'suppressed'
  )[];
  readonly baggage?: Readonly<Record<string, string>>;
}

/** Milliseconds for what takes a few when it works. */
const PROMPT = { timeout: 5_000 };

const stages = new Map<string, Promise<KafkaStage>>();

/** One for all tests of a file that need the same environment. */
export function kafkaStage(stage: Stage, env: Readonly<Record<string, string>> = {}): Promise<KafkaStage> {
  const key = JSON.stringify(env);
  const started = stages.get(key) ?? KafkaStage.start(stage, env);
  stages.set(key, started);
  return started;
}

export class KafkaStage {
  readonly #sink: Sink;
  readonly #clients: KafkaClients;
  readonly #reading = new Map<string, Promise<WireMessage[]>>();
  readonly #arrivals = new EventTarget();
  readonly application: Application;
  /** What the application consumes with `eachMessage`. */
  readonly inbox: string;
  /** What nobody but the test reads. */
  readonly outbox: string;

  private constructor(
    sink: Sink,
    clients: KafkaClients,
    application: Application,
    topics: readonly string[],
  ) {
    this.#sink = sink;
    this.#clients = clients;
    this.application = application;
    [this.inbox = '', this.outbox = ''] = topics;
  }

  static async start(stage: Stage, env: Readonly<Record<string, string>>): Promise<KafkaStage> {
    const clients = await stage.kafka();
    const application = await stage.application('kafka', env);
    const topics = await Promise.all(
      ['inbox', 'outbox'].map((name) => clients.topic(`${name}-${stage.unique}`)),
    );
    const kafka = new KafkaStage(stage.sink, clients, application, topics);
    await Promise.all([
      application.call('consume', { topic: kafka.inbox, groupId: kafka.inbox }),
      kafka.#read(kafka.outbox),
    ]);
    return kafka;
  }

  topic(name: string, config?: Omit<ITopicConfig, 'topic'>): Promise<string> {
    return this.#clients.topic(name, config);
  }

  /** Puts messages on a topic as another service would; each has a key of its own unless told. @returns the keys. */
  async put(topic: string, messages: readonly Partial<Message>[]): Promise<string[]> {
    const keyed = messages.map((message) => ({ value: 'a message', key: randomUUID(), ...message }));
    await this.#clients.producer.send({ topic, messages: keyed });
    return keyed.map(({ key }) => String(key));
  }

  /** Has the application handle a message. @returns what its handler saw, each time it was called. */
  async deliver(message: Partial<Message>, count = 1): Promise<[Delivery, ...Delivery[]]> {
    const [key] = await this.put(this.inbox, [message]);
    return await this.received(key, count);
  }

  /** Has the application handle a message that has these headers. */
  async handle(headers: IHeaders, message: Partial<Message> = {}): Promise<Delivery> {
    const [delivery] = await this.deliver({ ...message, headers });
    return delivery;
  }

  async received<D = Delivery>(key: string | undefined, count = 1): Promise<[D, ...D[]]> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`the message is not handled ${count} times`)),
      PROMPT.timeout,
    );
    try {
      return await Promise.race([
        this.application.call<[D, ...D[]]>('received', { key, count }),
        late.promise,
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Has the application send messages to the outbox, unless they are for another topic. */
  async send(
    messages: readonly Partial<Message>[],
    options: SendOptions & { topic?: string } = {},
  ): Promise<Sent> {
    return await this.application.call<Sent>('send', { topic: this.outbox, messages, ...options });
  }

  /** Sends one message. @returns it as it is on the wire, too. */
  async sendOne(
    message: Partial<Message>,
    options: SendOptions = {},
  ): Promise<{ sent: Sent; wire: WireMessage }> {
    const key = randomUUID();
    const sent = await this.send([{ value: 'a message', ...message, key }], options);
    if (sent.error !== undefined) throw new Error(sent.error);
    return { sent, wire: await this.onWire(key) };
  }

  /** The first message with this key that is in the outbox, now or soon. */
  async onWire(key: string | null | undefined): Promise<WireMessage> {
    const messages = await this.#read(this.outbox);
    const { promise, resolve, reject } = Promise.withResolvers<WireMessage>();
    const timer = setTimeout(() => reject(new Error('the message is not sent')), PROMPT.timeout);
    const check = () => {
      const found = messages.find((message) => message.key === key);
      if (found) resolve(found);
    };
    this.#arrivals.addEventListener('arrival', check);
    check();
    return await promise.finally(() => {
      clearTimeout(timer);
      this.#arrivals.removeEventListener('arrival', check);
    });
  }

  /** The span that was active where the ids come from, once it has ended. OpenTelemetry's view: both give that. */
  async span({ spanId }: { readonly spanId?: string | undefined }): Promise<SinkSpan> {
    if (spanId === undefined) throw new Error('no span was active');
    const ended = () => this.#sink.spans({ spanId, source: 'otlp' })[0];
    return await this.#sink.waitFor('the end of the active span', ended, PROMPT);
  }

  /** All spans of a trace that have ended. */
  async trace(traceId: string): Promise<SinkSpan[]> {
    await this.application.flush();
    return this.#sink.spans({ traceId, source: 'otlp' });
  }

  #read(topic: string): Promise<WireMessage[]> {
    const reading = this.#reading.get(topic) ?? this.#startReading(topic);
    this.#reading.set(topic, reading);
    return reading;
  }

  async #startReading(topic: string): Promise<WireMessage[]> {
    const messages: WireMessage[] = [];
    const consumer = await this.#clients.consumer();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        messages.push(wireMessage(message));
        this.#arrivals.dispatchEvent(new Event('arrival'));
      },
    });
    return messages;
  }
}

function wireMessage({ key, value, headers = {} }: KafkaMessage): WireMessage {
  return {
    key: key === null ? null : String(key),
    value: value === null ? null : String(value),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, values]) => [name, [values ?? ''].flat().map(String)]),
    ),
  };
}

/**
 * Has the application handle a message with headers that are null, as confluent-kafka sends them. kafkajs can write
 * those, but fails to measure them.
 * @returns the message's key.
 */
export async function putNullHeaders(
  kafka: KafkaStage,
  headers: Readonly<Record<string, string | null>>,
): Promise<string | undefined> {
  const { byteLength } = Buffer;
  Buffer.byteLength = (value, encoding) => (value === null ? 0 : byteLength(value, encoding));
  try {
    const [key] = await kafka.put(kafka.inbox, [{ headers: headers as IHeaders }]); // its type has no null
    return key;
  } finally {
    Buffer.byteLength = byteLength;
  }
}
