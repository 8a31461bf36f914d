import type { Attributes } from '@opentelemetry/api';
import { describeDestination } from '../destination.ts';
import type { HeaderMap, OutgoingMessage, ReceivedMessage } from '../message.ts';
import { messagingOptions } from '../runtime.ts';
import type { AmqpChannel, AmqpMessage } from './client.ts';
import { serverOf } from './server.ts';

export const SYSTEM = 'rabbitmq';

const ROUTING_KEY = 'messaging.rabbitmq.destination.routing_key';
const DELIVERY_TAG = 'messaging.rabbitmq.message.delivery_tag';

/** What the exchange without a name is called in the conventions. */
const DEFAULT_EXCHANGE = 'amq.default';

/**
 * `messaging.destination.name`: `{exchange}:{routing key}` for a producer, `{exchange}:{routing key}:{queue}` for a
 * consumer; what is empty or repeats its neighbour is left out, so that both sides of a queue on the default exchange
 * have one name.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/
 */
export function destinationName(exchange: string, routingKey: string, queue = ''): string {
  return [exchange === '' ? DEFAULT_EXCHANGE : exchange, routingKey, queue]
    .filter((part) => part !== '')
    .filter((part, index, parts) => part !== parts[index - 1])
    .join(':');
}

/** What the application hands to `publish`. */
export interface PublishOptions {
  readonly headers?: HeaderMap | null | undefined;
  readonly mandatory?: boolean | undefined;
  readonly messageId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
}

/** Arguments of the wrong type are amqplib's to refuse. */
export function describePublish(
  channel: AmqpChannel,
  exchange: unknown,
  routingKey: unknown,
  content: unknown,
  options: PublishOptions | null | undefined,
): OutgoingMessage {
  const key = text(routingKey) ?? '';
  const exchangeName = text(exchange) ?? '';
  const id = text(options?.messageId);
  const conversationId = text(options?.correlationId);
  return {
    system: SYSTEM,
    operation: 'publish',
    destination: describeDestination(destinationName(exchangeName, key)),
    headers: options?.headers,
    id,
    conversationId,
    bodySize: Buffer.isBuffer(content) ? content.length : undefined,
    attributes: { [ROUTING_KEY]: key, ...serverOf(channel)?.attributes },
    obsoleteAttributes: obsoleteAttributes(channel, { exchange: exchangeName, key, id, conversationId }),
  };
}

/** @param queue as the application named it to `consume` or `get`. */
export function describeDelivery(channel: AmqpChannel, queue: string, message: AmqpMessage): ReceivedMessage {
  const { fields, properties, content } = message;
  const { exchange, routingKey: key, deliveryTag } = fields;
  const { headers, messageId: id, correlationId: conversationId } = properties;
  return {
    system: SYSTEM,
    destination: describeDestination(destinationName(exchange, key, queue)),
    headers,
    id,
    conversationId,
    bodySize: content.length,
    sentAt: sentAt(properties.timestamp),
    retryCount: retryCount(headers, fields.redelivered === true),
    attributes: {
      [ROUTING_KEY]: key,
      ...(deliveryTag !== undefined && { [DELIVERY_TAG]: deliveryTag }),
      ...serverOf(channel)?.attributes,
    },
    obsoleteAttributes: obsoleteAttributes(channel, { exchange, key, id, conversationId }),
  };
}

interface Described {
  readonly exchange: string;
  readonly key: string;
  readonly id: string | undefined;
  readonly conversationId: string | undefined;
}

/** As OpenTelemetry's own instrumentation of amqplib names them. */
function obsoleteAttributes(channel: AmqpChannel, message: Described): Attributes | undefined {
  if (!messagingOptions().obsoleteAttributes) return undefined;
  const { exchange, key, id, conversationId } = message;
  return {
    'messaging.destination': exchange,
    'messaging.destination_kind': 'topic',
    'messaging.rabbitmq.routing_key': key,
    ...(id !== undefined && { 'messaging.message_id': id }),
    ...(conversationId !== undefined && { 'messaging.conversation_id': conversationId }),
    ...serverOf(channel)?.obsoleteAttributes,
  };
}

/** Seconds up to the year 5138 are less than this; milliseconds since 1973 are more. */
const LEAST_MILLISECONDS = 1e11;

/** The property is in seconds; applications that put milliseconds there are understood. */
export function sentAt(timestamp: unknown): number | undefined {
  if (typeof timestamp !== 'number' || !(timestamp > 0)) return undefined;
  return timestamp < LEAST_MILLISECONDS ? timestamp * 1000 : timestamp;
}

/**
 * How often a message was delivered before: by RabbitMQ's record of dead-lettering, else by a quorum queue's count,
 * else once where the broker says that it was delivered at all.
 *
 * @see https://www.rabbitmq.com/docs/dlx#effects
 * @see https://www.rabbitmq.com/docs/quorum-queues#poison-message-handling
 */
export function retryCount(headers: HeaderMap | null | undefined, redelivered: boolean): number {
  return deaths(own(headers, 'x-death')) ?? count(own(headers, 'x-delivery-count')) ?? (redelivered ? 1 : 0);
}

/** Of these a message dies without having been tried: it waited in a queue with a time to live or a length. */
const WAITED: ReadonlySet<unknown> = new Set(['expired', 'maxlen']);

function deaths(value: unknown): number | undefined {
  if (!Array.isArray(value)) return undefined;
  const counts = value
    .filter((death: unknown) => !WAITED.has(own(death, 'reason')))
    .map((death: unknown) => count(own(death, 'count')))
    .filter((n) => n !== undefined);
  return counts.length === 0 ? undefined : counts.reduce((sum, n) => sum + n, 0);
}

function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
}

/** A received table named `__proto__` becomes the prototype of the headers in amqplib. */
function own(table: unknown, key: string): unknown {
  if (typeof table !== 'object' || table === null || !Object.hasOwn(table, key)) return undefined;
  return Reflect.get(table, key);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
