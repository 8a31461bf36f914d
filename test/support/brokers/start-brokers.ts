import { obtainImages, startBrokerContainers, type Wanted } from './broker-containers.ts';
import { connectEngine } from './engine.ts';
import { type GivenBrokers, givenBrokers, withoutPassword } from './environment.ts';
import { kafkaAnswers } from './kafka.ts';
import { logToStderr } from './log.ts';
import { rabbitmqAnswers } from './rabbitmq.ts';
import { Attempts } from './unavailable.ts';

export interface BrokerOptions {
  /** Whether RabbitMQ is wanted; default true. */
  readonly rabbitmq?: boolean;
  /** Whether Kafka is wanted; default true. */
  readonly kafka?: boolean;
  /** Told what takes its time; default: a line on standard error. */
  readonly log?: (line: string) => void;
}

/** Brokers that accept clients. */
export interface Brokers {
  /** RabbitMQ's URL, credentials included; empty when RabbitMQ wasn't wanted. */
  readonly amqpUrl: string;
  /** Kafka's bootstrap addresses, `host:port`; empty when Kafka wasn't wanted. */
  readonly kafkaBrokers: string[];
  /** Where they come from; where the two differ, the later of these. */
  readonly how: 'environment' | 'testcontainers' | 'local images';
  /** Removes what was started; brokers of the environment stay. Calling it again does nothing. */
  stop(): Promise<void>;
}

/**
 * Real brokers: those that `AMQP_URL` and `KAFKA_BROKERS` name. What these leave open is started with testcontainers
 * from the public images; where no registry answers, from images made here of Debian's and Maven Central's packages;
 * where no engine answers either, on the distribution's, installed for it (Debian or Ubuntu, as root). Whichever way
 * this process ends, its containers go with it.
 *
 * @throws {BrokersUnavailableError} when none of that works, or when a broker that the environment names doesn't answer.
 */
export async function startBrokers(options: BrokerOptions = {}): Promise<Brokers> {
  const { rabbitmq = true, kafka = true, log = logToStderr } = options;
  const attempts = new Attempts();
  const given = await answeringGivenBrokers({ rabbitmq, kafka }, attempts);
  const missing = missingBrokers({ rabbitmq, kafka }, given);
  const { amqpUrl = '', kafkaBrokers = [] } = given;
  if (!missing.rabbitmq && !missing.kafka) {
    return { amqpUrl, kafkaBrokers: [...kafkaBrokers], how: 'environment', stop: async () => undefined };
  }
  const engine = await connectEngine(attempts, log);
  const images = await obtainImages(engine, missing, attempts, log);
  const started = await startBrokerContainers(engine, images, attempts);
  const isLocal = [images.rabbitmq, images.kafka].some((image) => image?.origin === 'local');
  return {
    amqpUrl: started.amqpUrl ?? amqpUrl,
    kafkaBrokers: started.kafkaBrokers ?? [...kafkaBrokers],
    how: isLocal ? 'local images' : 'testcontainers',
    stop: started.stop,
  };
}

/** Gets the engine and the images that `startBrokers` would use, and starts no broker. */
export async function prepareBrokers(log: (line: string) => void = logToStderr): Promise<void> {
  const attempts = new Attempts();
  const both = { rabbitmq: true, kafka: true };
  const missing = missingBrokers(both, await answeringGivenBrokers(both, attempts));
  if (!missing.rabbitmq && !missing.kafka) return;
  await obtainImages(await connectEngine(attempts, log), missing, attempts, log);
}

/** The wanted brokers that the environment names, once each has answered: who names one wants that one or none. */
async function answeringGivenBrokers(wanted: Wanted, attempts: Attempts): Promise<GivenBrokers> {
  let given: GivenBrokers;
  try {
    given = givenBrokers(process.env);
  } catch (error) {
    attempts.failed('the environment', error);
    throw attempts.unavailable();
  }
  const { amqpUrl, kafkaBrokers } = given;
  const [rabbitmq, kafka] = await Promise.allSettled([
    wanted.rabbitmq && amqpUrl !== undefined && rabbitmqAnswers(amqpUrl),
    wanted.kafka && kafkaBrokers !== undefined && kafkaAnswers(kafkaBrokers),
  ]);
  if (rabbitmq.status === 'rejected')
    attempts.failed(`AMQP_URL=${withoutPassword(amqpUrl ?? '')}`, rabbitmq.reason);
  if (kafka.status === 'rejected') attempts.failed(`KAFKA_BROKERS=${kafkaBrokers?.join(',')}`, kafka.reason);
  if (rabbitmq.status === 'rejected' || kafka.status === 'rejected') throw attempts.unavailable();
  if (wanted.rabbitmq && amqpUrl === undefined) attempts.failed('AMQP_URL', 'not set');
  if (wanted.kafka && kafkaBrokers === undefined) attempts.failed('KAFKA_BROKERS', 'not set');
  return {
    ...(wanted.rabbitmq && amqpUrl !== undefined ? { amqpUrl } : {}),
    ...(wanted.kafka && kafkaBrokers !== undefined ? { kafkaBrokers } : {}),
  };
}

function missingBrokers(wanted: Wanted, given: GivenBrokers): Wanted {
  return {
    rabbitmq: wanted.rabbitmq && given.amqpUrl === undefined,
    kafka: wanted.kafka && given.kafkaBrokers === undefined,
  };
}
