import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type RunningApp, runApp } from '../support/process.ts';
import { brokers, SERVICES } from './scenario.ts';

const DEMO = fileURLToPath(new URL('../../demo/run.ts', import.meta.url));

function runDemo(env: Record<string, string>): RunningApp {
  return runApp({ entry: DEMO, args: ['--once'], env: { NO_COLOR: '1', ...env } });
}

test('the demo draws whole traces: an order that goes through, one that fails and one that is tried again', async () => {
  const { amqpUrl, kafkaBrokers } = brokers();
  await using demo = runDemo({ AMQP_URL: amqpUrl, KAFKA_BROKERS: kafkaBrokers.join(',') });
  const { stdout } = await demo.succeeded();
  const [, passing = '', failing = '', retried = ''] = stdout.split(/^Order 100\d, which .*$/m);
  for (const service of SERVICES) {
    expect(passing).toMatch(new RegExp(`^S O ${service} `, 'm'));
    expect(failing).toMatch(new RegExp(`^S O ${service} `, 'm'));
  }
  expect(passing).toMatch(/↗ linked to trace \w{32}/);
  expect(passing).not.toContain('OrderRefused');
  expect(failing).toContain('✗ OrderRefused: billing refuses order 1002');
  expect(retried.match(/^S O orders +process amq\.default:orders-/gm)).toHaveLength(2);
});

test('the demo without brokers runs its HTTP part and says what it left out', async () => {
  // A named engine that doesn't answer is not replaced by another.
  await using demo = runDemo({ DOCKER_HOST: 'tcp://127.0.0.1:1' });
  const { stdout } = await demo.succeeded();
  expect(stdout).toContain('Left out: RabbitMQ and Kafka, and with them orders and billing.');
  expect(stdout).toContain('What you can do, any of:');
  expect(stdout).toContain('✗ OrderRefused: pricing refuses order 1002');
  expect(stdout).toMatch(/^S O storefront .*\n(.*\n)*^S O gateway .*\n(.*\n)*^S O pricing /m);
});

test('the demo ends at once and clean when it is told to', async () => {
  const { amqpUrl, kafkaBrokers } = brokers();
  await using demo = runDemo({ AMQP_URL: amqpUrl, KAFKA_BROKERS: kafkaBrokers.join(',') });
  await demo.waitForLine(/running: /, 30_000);
  demo.kill('SIGINT');
  expect(await demo.exited).toMatchObject({ code: 130, signal: null });
});
