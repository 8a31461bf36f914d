import type { TestProject } from 'vitest/node';
import { BrokersUnavailableError, startBrokers } from './brokers/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why there are no brokers, for require-brokers.ts; empty when there are. */
    brokersUnavailable: string;
  }
}

/**
 * Set-up of the end-to-end project and of each generation's: one RabbitMQ and one Kafka for all of their files. Where
 * none can be had, each of those files fails with what was tried and what to do, and the other projects' tests run all
 * the same. The environment tells the next project's set-up what the first one found.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { BROKERS_UNAVAILABLE: known = '' } = process.env;
  if (known) {
    project.provide('brokersUnavailable', known);
    return async () => undefined;
  }
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
    process.env.BROKERS_UNAVAILABLE = error.message;
    return async () => undefined;
  }
}
