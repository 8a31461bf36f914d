import type { Attributes } from '@opentelemetry/api';

/** The headers of a message, by name. Values are what the client library takes or gives: text, bytes, lists, … */
export type HeaderMap = Readonly<Record<string, unknown>>;

/** A topic, queue or exchange. */
export interface Destination {
  /** As the broker knows it. */
  readonly name: string;
  /** The same with generated parts replaced by `*`; what span names show. Undefined: the name has none. */
  readonly template?: string | undefined;
  /** True where the broker made it for one connection and removes it afterwards. */
  readonly temporary?: boolean | undefined;
}

/** What is told of every message, whichever way it goes. */
interface Message {
  /** `messaging.system`, such as `kafka` or `rabbitmq`. */
  readonly system: string;
  readonly destination: Destination;
  readonly headers: HeaderMap | null | undefined;
  /** The message's own id; undefined where the application gave it none. */
  readonly id?: string | undefined;
  /** What requests and replies share, such as AMQP's correlation id. */
  readonly conversationId?: string | undefined;
  /** In bytes. */
  readonly bodySize?: number | undefined;
  /** Of this messaging system alone, by today's semantic conventions. */
  readonly attributes?: Attributes | undefined;
  /** By the conventions these replaced; recorded where `OTEL_SEMCONV_STABILITY_OPT_IN` says `messaging/dup`. */
  readonly obsoleteAttributes?: Attributes | undefined;
}

/** A message about to be sent. */
export interface OutgoingMessage extends Message {
  /** What this messaging system calls it: `send`, `publish`. */
  readonly operation: string;
  /** Where the span stands for several messages. */
  readonly batchSize?: number | undefined;
}

/** A message that has arrived. */
export interface ReceivedMessage extends Message {
  /** When the broker or the producer says it was sent, in milliseconds since the epoch. */
  readonly sentAt?: number | undefined;
  /** How often it was delivered before. Undefined: not known. */
  readonly retryCount?: number | undefined;
}
