import type { Engine } from './engine.ts';
import { type Image, obtainImage } from './images.ts';
import { KAFKA_IMAGE, startKafka } from './kafka.ts';
import { ownContainers } from './owned.ts';
import { RABBITMQ_IMAGE, startRabbitmq } from './rabbitmq.ts';
import type { Attempts } from './unavailable.ts';

/** Which of the two brokers something is about. */
export interface Wanted {
  readonly rabbitmq: boolean;
  readonly kafka: boolean;
}

/** The images of the brokers that are wanted, and of no other. */
export interface BrokerImages {
  readonly rabbitmq?: Image;
  readonly kafka?: Image;
}

/** Brokers in containers that accept clients. */
export interface StartedBrokers {
  readonly amqpUrl?: string;
  readonly kafkaBrokers?: string[];
  stop(): Promise<void>;
}

/** @throws {BrokersUnavailableError} when one of the images is not to be had. */
export async function obtainImages(
  engine: Engine,
  wanted: Wanted,
  attempts: Attempts,
  log: (line: string) => void,
): Promise<BrokerImages> {
  const [rabbitmq, kafka] = await Promise.all([
    wanted.rabbitmq ? obtainImage(engine, RABBITMQ_IMAGE, attempts, log) : undefined,
    wanted.kafka ? obtainImage(engine, KAFKA_IMAGE, attempts, log) : undefined,
  ]);
  if ((wanted.rabbitmq && !rabbitmq) || (wanted.kafka && !kafka)) throw attempts.unavailable();
  return { ...(rabbitmq ? { rabbitmq } : {}), ...(kafka ? { kafka } : {}) };
}

/**
 * Starts a container of each image, all at the same time.
 *
 * @throws {BrokersUnavailableError} when one doesn't get ready; the others are gone by then.
 */
export async function startBrokerContainers(
  engine: Engine,
  images: BrokerImages,
  attempts: Attempts,
): Promise<StartedBrokers> {
  const { labels, remove: stop } = await ownContainers(engine);
  const { rabbitmq, kafka } = images;
  const engineHost = engine.info.containerRuntime.host;
  const [amqpUrl, kafkaBrokers] = await Promise.allSettled([
    rabbitmq && startRabbitmq({ image: rabbitmq.reference, labels }),
    kafka && startKafka({ image: kafka.reference, labels }, engineHost),
  ]);
  if (amqpUrl.status === 'fulfilled' && kafkaBrokers.status === 'fulfilled') {
    return {
      ...(amqpUrl.value === undefined ? {} : { amqpUrl: amqpUrl.value }),
      ...(kafkaBrokers.value === undefined ? {} : { kafkaBrokers: kafkaBrokers.value }),
      stop,
    };
  }
  if (amqpUrl.status === 'rejected') attempts.failed(`starting ${rabbitmq?.reference}`, amqpUrl.reason);
  if (kafkaBrokers.status === 'rejected')
    attempts.failed(`starting ${kafka?.reference}`, kafkaBrokers.reason);
  await stop();
  throw attempts.unavailable();
}
