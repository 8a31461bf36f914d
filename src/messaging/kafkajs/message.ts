/** What Kafka's messages tell, in the conventions' words. */

import { isUtf8 } from 'node:buffer';
import type { Attributes } from '@opentelemetry/api';
import type { KafkaMessage, Message } from 'kafkajs';
import { describeDestination } from '../destination.ts';
import type { HeaderMap, OutgoingMessage, ReceivedMessage } from '../message.ts';
import { ATTR } from '../semantic-conventions.ts';

/** Beside those that all messaging systems share. @see https://opentelemetry.io/docs/specs/semconv/messaging/kafka/ */
export const KAFKA_ATTR = {
  key: 'messaging.kafka.message.key',
  tombstone: 'messaging.kafka.message.tombstone',
  offset: 'messaging.kafka.offset',
  transactionOutcome: 'messaging.kafka.transaction.outcome',
} as const;

export const SYSTEM = 'kafka';
const OPERATION = 'send';

/** Longer keys are cut, in characters. */
const MAX_KEY_LENGTH = 256;

export function describeSent(topic: string, message: Message, clientId: string | undefined): OutgoingMessage {
  return {
    ...describeTopic(topic),
    operation: OPERATION,
    headers: message.headers,
    bodySize: sizeOf(message.value),
    attributes: {
      ...clientAttributes(clientId),
      ...messageAttributes(message),
      ...(typeof message.partition === 'number' && { [ATTR.partition]: String(message.partition) }),
    },
  };
}

/** @param headers of the first of them. */
export function describeSentTogether(
  topic: string,
  headers: HeaderMap | undefined,
  { count, clientId }: { readonly count: number; readonly clientId: string | undefined },
): OutgoingMessage {
  return {
    ...describeTopic(topic),
    operation: OPERATION,
    headers,
    batchSize: count,
    attributes: clientAttributes(clientId),
  };
}

/** Where a consumer has its messages from. */
export interface Source {
  readonly topic: string;
  readonly partition: number;
  readonly groupId: string | undefined;
  readonly clientId: string | undefined;
}

export function describeReceived(message: KafkaMessage, source: Source, retryCount: number): ReceivedMessage {
  const offset = Number(message.offset);
  const timestamp = Number(message.timestamp);
  return {
    ...describeTopic(source.topic),
    headers: message.headers,
    bodySize: sizeOf(message.value),
    sentAt: timestamp > 0 ? timestamp : undefined, // -1 where there is none
    retryCount,
    attributes: {
      ...sourceAttributes(source),
      ...messageAttributes(message),
      ...(Number.isSafeInteger(offset) && { [KAFKA_ATTR.offset]: offset }),
    },
  };
}

export function sourceAttributes({ partition, groupId, clientId }: Source): Attributes {
  return {
    [ATTR.partition]: String(partition),
    ...(groupId !== undefined && { [ATTR.consumerGroup]: groupId }),
    ...clientAttributes(clientId),
  };
}

/** Also the start of a batch's description. Obsolete ones as in OpenTelemetry's early instrumentations. */
export function describeTopic(topic: string) {
  return {
    system: SYSTEM,
    destination: describeDestination(topic),
    obsoleteAttributes: { 'messaging.destination': topic, 'messaging.destination_kind': 'topic' },
  };
}

export function clientAttributes(clientId: string | undefined): Attributes {
  return clientId === undefined ? {} : { [ATTR.clientId]: clientId };
}

function messageAttributes({ key, value }: Pick<Message, 'key' | 'value'>): Attributes {
  const text = textOf(key);
  return {
    ...(text !== undefined && { [KAFKA_ATTR.key]: text }),
    ...(value === null && { [KAFKA_ATTR.tombstone]: true }),
  };
}

function sizeOf(value: unknown): number | undefined {
  if (value === null) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  return ArrayBuffer.isView(value) ? value.byteLength : undefined;
}

/** A key that is text. Numbers in binary are UTF-8, too, but have control characters in them. */
function textOf(key: unknown): string | undefined {
  // A character has up to four bytes; half of one at the end would not be UTF-8 any more.
  const text = ArrayBuffer.isView(key) ? decode(key) : key;
  if (typeof text !== 'string' || text === '' || /\p{Cc}/u.test(text)) return undefined;
  return text.length > MAX_KEY_LENGTH ? text.slice(0, MAX_KEY_LENGTH).toWellFormed() : text;
}

function decode(key: ArrayBufferView): string | undefined {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
