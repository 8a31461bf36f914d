import type { Message, RecordMetadata } from 'kafkajs';
import { injectContext, prepareHeaders } from '../headers.ts';
import type { CallEnd } from '../observed.ts';
import type { Outcome } from '../outcome.ts';
import { type Publication, startPublication } from '../publication.ts';
import { countInternalError } from '../runtime.ts';
import type { Client } from './client.ts';
import { copyWith } from './copy-with.ts';
import { describeSent, describeSentTogether } from './message.ts';
import { placesOf } from './record-metadata.ts';

/** Messages of one topic with a span each; where a call has more of them, they share one. A span has as many links. */
const MAX_SPANS = 128;

/** What `send` is called with, and what `sendBatch` has a list of. */
export interface TopicMessages {
  readonly topic: string;
  readonly messages: readonly Message[];
}

export function isTopicMessages(value: unknown): value is TopicMessages {
  const { topic, messages } = (value ?? {}) as Partial<Record<keyof TopicMessages, unknown>>;
  return typeof topic === 'string' && Array.isArray(messages) && messages.every(isObject);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** What kafkajs is going to refuse has to reach it as it is: its error shows it. */
function isSendable({ value, headers }: Partial<Record<keyof Message, unknown>>): boolean {
  return value !== undefined && headers !== null;
}

/** One call of `send` or `sendBatch`. */
export interface SendCall {
  /** To send instead of the application's. */
  readonly topics: readonly TopicMessages[];
  /** @param endSpan ends the span of a message or of several, now or later. */
  end(end: CallEnd, endSpan: (publication: Publication, outcome: Outcome) => void): void;
}

/** Starts the spans of all messages of a call and puts their contexts on copies. Never throws. */
export function startSending(client: Client, topics: readonly TopicMessages[]): SendCall {
  const sendings = new Map<string, TopicSending>();
  const call: SendCall = {
    topics,
    end: (end, endSpan) => {
      for (const sending of sendings.values()) sending.end(end, endSpan);
    },
  };
  try {
    for (const { topic, messages } of topics) {
      const count = messages.length + (sendings.get(topic)?.count ?? 0);
      sendings.set(topic, new TopicSending(client, topic, count));
    }
    const traced = topics.map((entry) => {
      const sending = sendings.get(entry.topic);
      return copyWith(entry, { messages: entry.messages.map((message) => sending?.publish(message)) });
    });
    const isAccepted = topics.every(({ messages }) => messages.every(isSendable));
    return isAccepted ? { ...call, topics: traced } : call;
  } catch {
    countInternalError();
    return call;
  }
}

/** The messages of one topic in one call. */
class TopicSending {
  readonly count: number;
  readonly #client: Client;
  readonly #topic: string;
  /** One for each message, or one for all. */
  readonly #publications: { readonly publication: Publication; readonly index: number }[] = [];
  /** Spans that the one for all is linked to. */
  readonly #linked = new Set<string>();
  #next = 0;

  constructor(client: Client, topic: string, count: number) {
    this.#client = client;
    this.#topic = topic;
    this.count = count;
  }

  /** Takes the messages one after another. @returns what to send in the message's place. Never throws. */
  publish(message: Message): Message {
    const index = this.#next++;
    try {
      const [shared] = this.#publications;
      if (shared !== undefined && this.#isShared) return this.#join(shared.publication, message);
      const { id: clientId, tracer } = this.#client;
      const description = this.#isShared
        ? describeSentTogether(this.#topic, message.headers, { count: this.count, clientId })
        : describeSent(this.#topic, message, clientId);
      const publication = startPublication(tracer, description);
      this.#publications.push({ publication, index });
      return withHeaders(message, publication);
    } catch {
      countInternalError();
      return message;
    }
  }

  get #isShared(): boolean {
    return this.count > MAX_SPANS;
  }

  #join({ span, context }: Publication, message: Message): Message {
    if (span === undefined) return message;
    const { headers, found, keep } = prepareHeaders(message.headers);
    if (found !== undefined && !this.#linked.has(found.spanId)) {
      this.#linked.add(found.spanId);
      span.addLink({ context: found });
    }
    if (!keep) injectContext(context, headers);
    return withHeaders(message, { headers, span });
  }

  end({ failure, value }: CallEnd, endSpan: Parameters<SendCall['end']>[1]): void {
    const metadata = Array.isArray(value) ? (value as RecordMetadata[]) : []; // by kafkajs's types
    const { partition, offset } = placesOf(this.#topic, metadata);
    for (const { publication, index } of this.#publications) {
      const attributes = this.#isShared ? partition : { ...partition, ...offset(index) };
      endSpan(publication, { attributes, ...failure });
    }
  }
}

function withHeaders(message: Message, { headers, span }: Pick<Publication, 'headers' | 'span'>): Message {
  return span === undefined ? message : copyWith(message, { headers });
}
