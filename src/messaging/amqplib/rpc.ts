import { type Context, trace } from '@opentelemetry/api';
import { PendingRequests } from '../requests.ts';
import type { AmqpMessage } from './client.ts';
import type { PublishOptions } from './message.ts';

const requests = new PendingRequests();

/** Remembers where a message that asks for a reply was sent from, so that the reply is handled there. */
export function rememberRequest(options: PublishOptions | null | undefined, parent: Context): void {
  if (!options?.replyTo || !options.correlationId || trace.getSpan(parent) === undefined) return;
  requests.remember(keyOf(options.replyTo, options.correlationId), parent);
}

/**
 * The context of the request that a message replies to. The request itself has the same correlation id and may be
 * delivered in the same process, so a reply has to come to where it was asked to, too: to that queue, or, where
 * `amq.rabbitmq.reply-to` stands for a name of the broker's, by way of the consumer's.
 */
export function requesterOf(queue: string, { fields, properties }: AmqpMessage): Context | undefined {
  const { correlationId } = properties;
  if (!correlationId) return undefined;
  return (
    requests.contextOf(keyOf(queue, correlationId)) ??
    requests.contextOf(keyOf(fields.routingKey, correlationId))
  );
}

function keyOf(replyTo: string, correlationId: string): string {
  return `${replyTo}\n${correlationId}`;
}
