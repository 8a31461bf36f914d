import type { TestProject } from 'vitest/node';
import { startBrokers } from './brokers/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    amqpUrl: string;
    kafkaBrokers: string;
  }
}

/**
 * Set-up of the end-to-end project: one RabbitMQ and one Kafka for all of its files. Where none can be had the run
 * fails, with what was tried and what to do: an end-to-end test is never skipped.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const brokers = await startBrokers();
  project.provide('amqpUrl', brokers.amqpUrl);
  project.provide('kafkaBrokers', brokers.kafkaBrokers.join(','));
  // Child processes of the tests read the environment.
  process.env.AMQP_URL = brokers.amqpUrl;
  process.env.KAFKA_BROKERS = brokers.kafkaBrokers.join(',');
  return () => brokers.stop();
}
