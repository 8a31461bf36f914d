import type { Attributes } from '@opentelemetry/api';
import { sizeOfHeaders } from './headers.ts';
import type { Destination, OutgoingMessage, ReceivedMessage } from './message.ts';
import { messagingOptions } from './runtime.ts';

/**
 * The messaging conventions' words, as of semantic conventions 1.39, and the few that Sentry's Queues page adds.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 * @see https://develop.sentry.dev/sdk/telemetry/traces/modules/queues/
 */
export const ATTR = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  destinationTemplate: 'messaging.destination.template',
  destinationTemporary: 'messaging.destination.temporary',
  partition: 'messaging.destination.partition.id',
  consumerGroup: 'messaging.consumer.group.name',
  clientId: 'messaging.client.id',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  bodySize: 'messaging.message.body.size',
  envelopeSize: 'messaging.message.envelope.size',
  batchCount: 'messaging.batch.message_count',
  errorType: 'error.type',
  latency: 'messaging.message.receive.latency',
  retryCount: 'messaging.message.retry.count',
} as const;

/** What an operation on messages is for; Sentry's ops follow from it. */
export type OperationType = 'send' | 'receive' | 'process' | 'settle';

export interface Operation {
  readonly name: string;
  readonly type: OperationType;
}

export const PROCESS: Operation = { name: 'process', type: 'process' };
export const RECEIVE: Operation = { name: 'receive', type: 'receive' };

/** Low-cardinality: generated parts of a destination stay out of it. */
export function spanName({ name }: Operation, destination: Destination): string {
  return `${name} ${destination.template ?? destination.name}`;
}

/** What samplers see: which operation, on what. */
export function startAttributes(
  { name, type }: Operation,
  system: string,
  destination: Destination,
): Attributes {
  return {
    [ATTR.system]: system,
    [ATTR.operationName]: name,
    [ATTR.operationType]: type,
    [ATTR.destination]: destination.name,
    ...(destination.template !== undefined && { [ATTR.destinationTemplate]: destination.template }),
    ...(destination.temporary === true && { [ATTR.destinationTemporary]: true }),
    // Obsolete, and never on the spans of producers, whose kind said it.
    ...(messagingOptions().obsoleteAttributes && type !== 'send' && { 'messaging.operation': type }),
  };
}

/** The rest of what is known of a message; worth computing for recorded spans only. */
export function messageAttributes(message: OutgoingMessage | ReceivedMessage): Attributes {
  const { headers, id, conversationId, bodySize, attributes, obsoleteAttributes } = message;
  const { obsoleteAttributes: withObsolete } = messagingOptions();
  return {
    ...(id !== undefined && { [ATTR.messageId]: id }),
    ...(conversationId !== undefined && { [ATTR.conversationId]: conversationId }),
    ...(bodySize !== undefined && {
      [ATTR.bodySize]: bodySize,
      [ATTR.envelopeSize]: bodySize + sizeOfHeaders(headers),
    }),
    ...('batchSize' in message &&
      message.batchSize !== undefined && { [ATTR.batchCount]: message.batchSize }),
    ...(withObsolete && obsoleteAttributes),
    ...attributes,
  };
}

/** How a message arrived. @param latency as `latencyOf` tells it. */
export function deliveryAttributes({ retryCount }: ReceivedMessage, latency: number | undefined): Attributes {
  return {
    ...(latency !== undefined && { [ATTR.latency]: latency }),
    ...(Number.isInteger(retryCount) && { [ATTR.retryCount]: retryCount }),
  };
}
