import type { TestProject } from 'vitest/node';
import { BrokersUnavailableError, startBrokers } from './brokers/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why there are no brokers, for require-brokers.ts; empty when there are. */
    brokersUnavailable: string;
  }
}

/**
 * Set-up of the end-to-end project: one RabbitMQ and one Kafka for all of its files. Where none can be had, each of
 * those files fails with what was tried and what to do, and the other projects' tests run all the same.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  try {
    const brokers = await startBrokers();
    project.provide('brokersUnavailable', '');
    // Workers and the processes they start inherit the environment.
    process.env.AMQP_URL = brokers.amqpUrl;
    process.env.KAFKA_BROKERS = brokers.kafkaBrokers.join(',');
    return () => brokers.stop();
  } catch (error) {
    if (!(error instanceof BrokersUnavailableError)) throw error;
    project.provide('brokersUnavailable', error.message);
    return async () => undefined;
  }
}
