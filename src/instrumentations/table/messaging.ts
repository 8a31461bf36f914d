/** Clients of message brokers. These are ours: OpenTelemetry's lose context in ways that no hook of theirs can mend. */

import type { Instrumentation } from '@opentelemetry/instrumentation';
import { loadChunk } from '../../chunks.ts';
import { type InstrumentationEntry, withAny } from '../entry.ts';

export const MESSAGING_INSTRUMENTATIONS: readonly InstrumentationEntry[] = [
  {
    name: 'amqplib',
    packageName: '@acme/otel-sentry/amqplib',
    when: withAny('amqplib', 'amqp-connection-manager'),
    load: () =>
      loadChunk<typeof import('../../messaging/amqplib/instrumentation.ts')>(
        import.meta.url,
        '../../messaging/amqplib/instrumentation.ts',
      ).AmqplibInstrumentation,
  },
  {
    name: 'kafkajs',
    packageName: '@acme/otel-sentry/kafkajs',
    when: withAny('kafkajs'),
    load: () =>
      loadChunk<typeof import('../../messaging/kafkajs/instrumentation.ts')>(
        import.meta.url,
        '../../messaging/kafkajs/instrumentation.ts',
      ).KafkaJsInstrumentation,
  },
];

/** Which of the clients above these instrumentations are for. */
export function messagingClientsOf(instrumentations: readonly Instrumentation[]): string[] {
  const names = new Set(instrumentations.map(({ instrumentationName }) => instrumentationName));
  return MESSAGING_INSTRUMENTATIONS.flatMap(({ name, packageName }) =>
    names.has(packageName) ? [name] : [],
  );
}
