import { parseArgs } from 'node:util';
import { BrokersUnavailableError, prepareBrokers, startBrokers } from './index.ts';

// `npm run brokers`: starts RabbitMQ and Kafka, prints where they are and stays until Ctrl-C.
// `npm run brokers -- --prepare`: installs the engine and makes the images where need be, and ends.
const { values } = parseArgs({ options: { prepare: { type: 'boolean', default: false } } });

try {
  if (values.prepare) await prepareBrokers();
  else await run();
} catch (error) {
  if (!(error instanceof BrokersUnavailableError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const brokers = await startBrokers();
  console.log(`export AMQP_URL=${brokers.amqpUrl} KAFKA_BROKERS=${brokers.kafkaBrokers.join(',')}`);
  console.error('brokers: running; Ctrl-C stops them');
  const timer = setInterval(() => {}, 2 ** 30);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      clearInterval(timer);
      await brokers.stop();
    });
  }
}
