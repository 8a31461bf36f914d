/** The consumers of `fixtures/amqp-consumer.mjs`, one for every way to settle a message. */

import type { Options } from 'amqplib';
import type { SinkSpan } from '../../support/sink/index.ts';
import { type Headers, queue } from './amqp-messages.ts';
import type { Application, Stage } from './harness.ts';
import { type RemoteSpan, remoteSpan } from './remote.ts';

/** A message of a trace of its own, by which its spans are found. */
export interface Delivered extends RemoteSpan {
  readonly queue: string;
}

interface Delivery {
  readonly headers?: Headers;
  readonly noAck?: boolean;
}

/** OpenTelemetry reads whole milliseconds at the start of each root, and counts from there. */
const CLOCKS = 2;
/** Milliseconds within which a span has to end. */
const END = 5_000;

export class Consumer {
  readonly application: Application;
  readonly #stage: Stage;
  readonly #api: string;

  private constructor(stage: Stage, api: string, application: Application) {
    this.#stage = stage;
    this.#api = api;
    this.application = application;
  }

  static async start(
    stage: Stage,
    api: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Consumer> {
    return new Consumer(stage, api, await stage.application('amqp-consumer', { API: api, ...env }));
  }

  /** Starts a consumer that goes that way. */
  consume(way: string, from: string, noAck = false): Promise<void> {
    return this.application.call('consume', { queue: from, way, noAck });
  }

  /** Sends a message to a queue of its own, where a consumer goes that way. */
  async deliver(way: string, options: Options.AssertQueue = {}, delivery: Delivery = {}): Promise<Delivered> {
    const [message] = await this.#deliver(1, way, options, delivery);
    if (message === undefined) throw new Error('nothing was delivered');
    return message;
  }

  /** The same with three messages on one queue, each of another trace. */
  deliverThree(way: string): Promise<readonly Delivered[]> {
    return this.#deliver(3, way);
  }

  async #deliver(
    count: number,
    way: string,
    options: Options.AssertQueue = {},
    { headers = {}, noAck = false }: Delivery = {},
  ): Promise<readonly Delivered[]> {
    const name = `${way.replaceAll(/\W+/g, '-')}-${this.#api}`;
    const inbox = await queue(this.#stage, name, options);
    const { channel } = await this.#stage.amqp();
    const messages = Array.from({ length: count }, () => ({ queue: inbox, ...remoteSpan() }));
    for (const { traceparent } of messages) {
      channel.sendToQueue(inbox, Buffer.from('content'), { headers: { ...headers, traceparent } });
    }
    await channel.close(); // by then the broker has them
    await this.consume(way, inbox, noAck);
    return messages;
  }

  /** The spans of a message's deliveries, in their order, once so many have ended. */
  processed({ traceId }: Delivered, count = 1): Promise<readonly SinkSpan[]> {
    const { sink } = this.#stage;
    return sink.waitFor(
      `${count} spans of message ${traceId}`,
      () => {
        const spans = sink.spans({ source: 'otlp', traceId, kind: 'consumer' });
        return spans.length >= count && spans.toSorted((a, b) => a.startTime - b.startTime);
      },
      { timeout: END },
    );
  }

  /** When the handler's work of that name ended; it has. Less what the clocks of two spans differ by at most. */
  endOf({ traceId }: Delivered, name: string): number {
    const [span] = this.#stage.sink.spans({ source: 'otlp', traceId, name });
    if (span === undefined) throw new Error(`no span ${name}`);
    return span.endTime - CLOCKS;
  }

  /** What the application saw of a way. */
  async facts<Fact = unknown>(way: string): Promise<readonly Fact[]> {
    const facts = await this.application.call<Record<string, readonly Fact[]>>('facts');
    return facts[way] ?? [];
  }
}
