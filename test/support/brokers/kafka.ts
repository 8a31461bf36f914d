import { Kafka, logLevel } from 'kafkajs';
import { GenericContainer, RandomPortGenerator, Wait } from 'testcontainers';
import { type ContainerRequest, startContainer } from './container.ts';
import { reasonText } from './unavailable.ts';

export const KAFKA_IMAGE = 'apache/kafka:4.1.0';

const PORT = 9092;
const PORT_ATTEMPTS = 3;

/**
 * Starts a single-node Kafka and resolves with its address once a client has connected.
 *
 * @param engineHost where the engine publishes ports. Kafka hands its address to clients, so it has to know it before
 * it starts: hence a host port chosen here, and another when someone else took it meanwhile.
 */
export async function startKafka({ image, labels }: ContainerRequest, engineHost: string): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    const port = await new RandomPortGenerator().generatePort();
    const address = `${engineHost}:${port}`;
    const container = new GenericContainer(image)
      .withExposedPorts({ container: PORT, host: port })
      .withEnvironment(kafkaSettings(address))
      .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/));
    try {
      await startContainer(container, labels);
    } catch (error) {
      if (
        attempt < PORT_ATTEMPTS &&
        /port is already allocated|address already in use/.test(reasonText(error))
      )
        continue;
      throw error;
    }
    await kafkaAnswers([address]);
    return [address];
  }
}

/**
 * A whole KRaft node by environment: the image forgets all its defaults as soon as one setting is given.
 * https://github.com/apache/kafka/blob/4.1.0/docker/examples/README.md#running-on-default-configs
 */
export function kafkaSettings(address: string): Record<string, string> {
  return {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_LISTENERS: `PLAINTEXT://:${PORT},CONTROLLER://:9093`,
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${address}`,
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    // Kafka's internal topics want three replicas unless told otherwise.
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
    // A group's first rebalance otherwise waits three seconds for more members.
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_HEAP_OPTS: '-Xms128m -Xmx384m',
  };
}

/** Resolves once a client has had the cluster's description from one of them; rejects with the reason when none gives it. */
export async function kafkaAnswers(brokers: readonly string[]): Promise<void> {
  const kafka = new Kafka({
    clientId: 'brokers-check',
    brokers: [...brokers],
    connectionTimeout: 5_000,
    retry: { retries: 3, initialRetryTime: 200 },
    logLevel: logLevel.NOTHING,
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.describeCluster();
  } finally {
    await admin.disconnect();
  }
}
