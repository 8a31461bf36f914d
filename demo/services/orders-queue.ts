import type { Channel, ConfirmChannel, ConsumeMessage } from 'amqplib';

/** How long a message that failed waits until it is delivered again, in milliseconds. */
const WAIT = 200;

/** The queue between gateway and orders; messages that orders rejects go to its dead-letter exchange. */
export async function assertOrdersQueue(channel: Channel | ConfirmChannel, queue: string): Promise<void> {
  await channel.assertQueue(queue, { autoDelete: true, deadLetterExchange: rejectedFrom(queue) });
}

/** The way back: dead-letter exchange, a queue in which every message expires, and the queue it came from. */
export async function assertRetries(channel: Channel, queue: string): Promise<void> {
  const waiting = `${queue}-waiting`;
  await channel.assertExchange(rejectedFrom(queue), 'fanout', { autoDelete: true });
  await channel.assertQueue(waiting, {
    exclusive: true, // nobody consumes it, so it goes with whoever made it
    messageTtl: WAIT,
    deadLetterExchange: '',
    deadLetterRoutingKey: queue,
  });
  await channel.bindQueue(waiting, rejectedFrom(queue), '');
}

/** Which delivery of this message it is, from 1: RabbitMQ counts in a header how often the queue's consumers rejected it. */
export function deliveryNumber({ properties }: ConsumeMessage, queue: string): number {
  const deaths = properties.headers?.['x-death'] ?? [];
  return 1 + (deaths.find((death) => death.queue === queue && death.reason === 'rejected')?.count ?? 0);
}

function rejectedFrom(queue: string): string {
  return `${queue}-rejected`;
}
