import { setTimeout as elapsed } from 'node:timers/promises';
import type * as Propagators from '@acme/otel-sentry/propagators';
import type * as OpenTelemetryApi from '@opentelemetry/api';
import type * as SentryNode from '@sentry/node';
import type * as KafkaJs from 'kafkajs';
import { describeOrder, type Order, parseOrder, refuseOnDemand } from './order.ts';
import { onStop, setting } from './process.ts';

export interface Libraries {
  readonly Kafka: typeof KafkaJs.Kafka;
  readonly OpenTelemetry: typeof OpenTelemetryApi;
  readonly Sentry: typeof SentryNode;
  readonly withMessageContext: typeof Propagators.withMessageContext;
}

/** How long the bank takes, in milliseconds. */
const BANK = 20;

/** The end of the line: charges every order that arrives on the topic, in batches where `BILLING_BATCHES` is set. */
export async function billing({
  Kafka,
  OpenTelemetry,
  Sentry,
  withMessageContext,
}: Libraries): Promise<void> {
  const { propagation, SpanStatusCode, trace } = OpenTelemetry;
  const topic = setting('BILLING_TOPIC');
  const inBatches = Boolean(process.env.BILLING_BATCHES);
  const kafka = new Kafka({ clientId: 'billing', brokers: setting('KAFKA_BROKERS').split(',') });
  const consumer = kafka.consumer({
    groupId: `${topic}-billing`,
    // Waits for that many bytes of records, at most so long (ms), and so does its end.
    minBytes: inBatches ? 10_000 : 1,
    maxWaitTimeInMs: 500,
    heartbeatInterval: 500, // in milliseconds; by heartbeats it learns of others that come and go
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  consumer.on(consumer.events.GROUP_JOIN, () => console.log('billing ready'));

  await consumer.run({
    partitionsConsumedConcurrently: 4,
    ...(inBatches
      ? { eachBatch, eachBatchAutoResolve: false }
      : { eachMessage: ({ message }) => bill(message) }),
  });
  onStop(() => consumer.disconnect());

  async function eachBatch(payload: KafkaJs.EachBatchPayload): Promise<void> {
    const { batch, isRunning, isStale, resolveOffset, heartbeat } = payload;
    for (const message of batch.messages) {
      if (!isRunning() || isStale()) break;
      await withMessageContext(message, () => bill(message)); // in its own trace, not in the batch's
      resolveOffset(message.offset);
      await heartbeat();
    }
  }

  async function bill({ value }: KafkaJs.KafkaMessage): Promise<void> {
    try {
      await handle(String(value));
    } catch (error) {
      // Not thrown on: kafkajs would deliver the message again and again, and no other of its partition.
      Sentry.captureException(error);
      trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    }
  }

  async function handle(content: string): Promise<void> {
    const order = parseOrder(JSON.parse(content));
    describeOrder(Sentry, order);
    await Sentry.startSpan({ name: 'charge card', op: 'payment' }, () => charge(order));
    // Whatever the shop's edge put into `baggage` is still here.
    const tenant = propagation.getActiveBaggage()?.getEntry('tenant')?.value;
    Sentry.logger.info(`order ${order.id} charged`, { tenant });
  }
}

async function charge(order: Order): Promise<void> {
  await elapsed(BANK);
  refuseOnDemand('billing', order);
}
