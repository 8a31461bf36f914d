import { connect } from 'amqplib';
import { GenericContainer, Wait } from 'testcontainers';
import { type ContainerRequest, startContainer } from './container.ts';

export const RABBITMQ_IMAGE = 'rabbitmq:4-management';

const PORT = 5672;
const CONNECT_MS = 10_000;

/** Starts RabbitMQ and resolves with its URL once a client has connected. */
export async function startRabbitmq({ image, labels }: ContainerRequest): Promise<string> {
  const container = new GenericContainer(image)
    .withExposedPorts(PORT)
    // The first is in the log, the second in the banner; where the log goes to a file, only the banner is printed.
    .withWaitStrategy(Wait.forLogMessage(/Server startup complete|completed with \d+ plugins/));
  const started = await startContainer(container, labels);
  const url = `amqp://guest:guest@${started.getHost()}:${started.getMappedPort(PORT)}`;
  await rabbitmqAnswers(url);
  return url;
}

/** Resolves once a client has connected to that URL; rejects with the reason when it can't within ten seconds. */
export async function rabbitmqAnswers(url: string): Promise<void> {
  const connection = await connect(url, { timeout: CONNECT_MS });
  await connection.close();
}
