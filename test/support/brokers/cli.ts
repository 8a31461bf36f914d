// npm run brokers: real brokers for the demo, for tests run one by one, and (--prepare) for CI.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { prepare, startBrokers, UnavailableError } from './index.ts';

const USAGE = `usage: npm run brokers [-- --prepare]
  Starts RabbitMQ and Kafka, prints the variables that name them, and stops them on Ctrl-C.
  --prepare  only gets the container engine and the images ready, the OpenTelemetry Collector's too`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { prepare: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) return console.log(USAGE);
  if (values.prepare) return await prepare();

  const brokers = await startBrokers();
  console.log(`export AMQP_URL='${brokers.amqpUrl}' KAFKA_BROKERS='${brokers.kafkaBrokers.join(',')}'`);
  if (brokers.how === 'environment') return;
  console.error(`brokers: running (${brokers.how}); Ctrl-C stops them`);
  // Only now: until here a signal just ends the process, and the reaper sees to what it had started.
  await untilSignal();
  await brokers.stop();
}

async function untilSignal(): Promise<void> {
  // Waiting for a signal doesn't keep a process alive; a timer does.
  const alive = setInterval(() => undefined, 2 ** 30);
  await Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  clearInterval(alive);
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error;
  console.error(
    error instanceof UnavailableError ? error.message : isUsage ? `${error.message}\n${USAGE}` : error,
  );
  process.exitCode = isUsage ? 2 : 1;
}
