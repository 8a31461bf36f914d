import { connectEngine, type Engine } from './engine.ts';
import { type GivenBrokers, givenBrokers } from './environment.ts';
import { KAFKA_IMAGE, kafkaAnswers, startKafka } from './kafka.ts';
import { ensureLocalImage, LOCAL_PREFIX } from './local-image.ts';
import { newOwner, OWNER_LABEL, removeLeftBehind, removeOwned } from './owner.ts';
import { RABBITMQ_IMAGE, rabbitmqAnswers, startRabbitmq } from './rabbitmq.ts';
import { startReaper } from './reaper.ts';
import { ensurePulled } from './registry.ts';
import { Attempts } from './unavailable.ts';

export { BrokersUnavailableError } from './unavailable.ts';

export interface BrokersOptions {
  /** Default: true. */
  readonly rabbitmq?: boolean;
  /** Default: true. */
  readonly kafka?: boolean;
  /** Gets a line for each step that takes time. Default: stderr. */
  readonly log?: (line: string) => void;
}

export interface Brokers {
  readonly amqpUrl: string;
  readonly kafkaBrokers: readonly string[];
  readonly how: 'environment' | 'testcontainers' | 'local images';
  /** Removes what was started here; brokers of the environment stay. */
  stop(): Promise<void>;
}

/** Which image each broker runs from, and under which name it is started. */
interface Images {
  readonly rabbitmq: string;
  readonly kafka: string;
  readonly how: 'testcontainers' | 'local images';
}

const toStderr = (line: string) => console.error(`brokers: ${line}`);

/**
 * A RabbitMQ and a Kafka that answer, from the first of: `AMQP_URL` and `KAFKA_BROKERS`; the public images; images of
 * the same content built from packages, where no registry answers; the distribution's engine, installed first.
 *
 * @throws {BrokersUnavailableError} saying what was tried, why each failed and what to do.
 */
export async function startBrokers(options: BrokersOptions = {}): Promise<Brokers> {
  const { rabbitmq = true, kafka = true, log = toStderr } = options;
  const attempts = new Attempts();
  let given: GivenBrokers;
  try {
    given = givenBrokers(process.env);
    if (rabbitmq && given.amqpUrl !== undefined) await rabbitmqAnswers(given.amqpUrl);
    if (kafka && given.kafkaBrokers !== undefined) await kafkaAnswers(given.kafkaBrokers);
  } catch (error) {
    attempts.failed('AMQP_URL and KAFKA_BROKERS', error);
    throw attempts.unavailable();
  }
  const startsRabbitmq = rabbitmq && given.amqpUrl === undefined;
  const startsKafka = kafka && given.kafkaBrokers === undefined;
  if (!startsRabbitmq && !startsKafka) {
    return {
      amqpUrl: given.amqpUrl ?? '',
      kafkaBrokers: given.kafkaBrokers ?? [],
      how: 'environment',
      stop: async () => {},
    };
  }

  const engine = await connectEngine(attempts, log);
  const images = await findImages(engine, attempts, log);
  await removeLeftBehind(engine);
  const owner = newOwner();
  const callOffReaper = startReaper(owner);
  const labels = { [OWNER_LABEL]: owner };
  const stop = async () => {
    await removeOwned(engine, owner);
    callOffReaper();
  };
  try {
    const [amqpUrl, kafkaBrokers] = await Promise.all([
      startsRabbitmq ? startRabbitmq({ image: images.rabbitmq, labels }) : (given.amqpUrl ?? ''),
      startsKafka
        ? startKafka({ image: images.kafka, labels }, engineHost(engine))
        : (given.kafkaBrokers ?? []),
    ]);
    return { amqpUrl, kafkaBrokers, how: images.how, stop };
  } catch (error) {
    attempts.failed(`starting ${images.rabbitmq} and ${images.kafka}`, error);
    await stop();
    throw attempts.unavailable();
  }
}

/** Makes engine and images ready, and starts nothing: what takes long on a bare machine. */
export async function prepareBrokers(log: (line: string) => void = toStderr): Promise<void> {
  const attempts = new Attempts();
  await findImages(await connectEngine(attempts, log), attempts, log);
}

async function findImages(engine: Engine, attempts: Attempts, log: (line: string) => void): Promise<Images> {
  try {
    await ensurePulled(engine, RABBITMQ_IMAGE);
    await ensurePulled(engine, KAFKA_IMAGE);
    return { rabbitmq: RABBITMQ_IMAGE, kafka: KAFKA_IMAGE, how: 'testcontainers' };
  } catch (error) {
    attempts.failed(`the public images ${RABBITMQ_IMAGE} and ${KAFKA_IMAGE}`, error);
  }
  try {
    await ensureLocalImage(engine, RABBITMQ_IMAGE, 'rabbitmq', log);
    await ensureLocalImage(engine, KAFKA_IMAGE, 'kafka', log);
  } catch (error) {
    attempts.failed('images built from packages', error);
    throw attempts.unavailable();
  }
  // Testcontainers' reaper would be pulled from the registry that does not answer; reaper.ts does its work.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  const local = (image: string) => `${LOCAL_PREFIX}/${image}`;
  return { rabbitmq: local(RABBITMQ_IMAGE), kafka: local(KAFKA_IMAGE), how: 'local images' };
}

function engineHost(engine: Engine): string {
  return engine.info.containerRuntime.host;
}
