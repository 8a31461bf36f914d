/** The process of one contender: connects one client, then runs a step whenever it is told to, and says what it took. */

import { createRequire } from 'node:module';
import { type ProxyTracerProvider, trace } from '@opentelemetry/api';
import { connectAmqplib } from './amqplib.ts';
import type { ClientOptions, MessagingClient } from './client.ts';
import type { Command, Connected, Measurement, Task } from './contender-process.ts';
import { connectKafkajs } from './kafkajs.ts';

const { client: library, address, destination, tracedBy } = parseTask(process.argv[2]);

/** Loaded only where the preload has it loaded already. */
const sentry = process.env.SENTRY_DSN
  ? (createRequire(import.meta.url)('@sentry/node') as typeof import('@sentry/node'))
  : undefined;

let delivered: object | undefined;
const options: ClientOptions = {
  address,
  destination,
  inRequest: requests(),
  onHeaders: (headers) => {
    delivered = headers;
  },
};
// Also where the bench was killed.
process.once('disconnect', () => process.exit());
const client: MessagingClient = await (library === 'kafkajs'
  ? connectKafkajs(options)
  : connectAmqplib(options));
const connected: Connected = { steps: client.steps.map(({ name, messages }) => ({ name, messages })) };
process.send?.(connected);

// Only the bench writes here, and one command at a time.
process.on('message', async ({ step }: Command) => {
  const chosen = client.steps.find(({ name }) => name === step);
  if (chosen === undefined) {
    await client.close();
    process.disconnect();
    return;
  }
  delivered = undefined;
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const milliseconds = await chosen.run();
  await flush();
  const { user, system } = process.cpuUsage(cpu);
  const measurement: Measurement = {
    milliseconds,
    cpuMicroseconds: user + system,
    traced: delivered && ('traceparent' in delivered || 'sentry-trace' in delivered),
  };
  process.send?.(measurement);
});

function parseTask(argument = ''): Task {
  return JSON.parse(argument) as Task; // of contender-process.ts
}

function requests(): ClientOptions['inRequest'] {
  if (tracedBy === undefined) return (send) => send();
  if (tracedBy === 'sentry')
    return (send) =>
      sentry?.startNewTrace(() => sentry.startSpan({ name: 'POST /orders', op: 'http.server' }, send)) ??
      send();
  const tracer = trace.getTracer('bench');
  return (send) =>
    tracer.startActiveSpan('POST /orders', async (span) => {
      await send();
      span.end();
    });
}

/** What a step's spans cost to export belongs to it. */
async function flush(): Promise<void> {
  // The API's proxy may be another copy's, and knows less of the SDK's class than that it is one.
  const proxy: Partial<ProxyTracerProvider> = trace.getTracerProvider();
  const provider = proxy.getDelegate?.() as { forceFlush?(): Promise<void> } | undefined;
  await provider?.forceFlush?.();
  await sentry?.flush(30_000);
}
