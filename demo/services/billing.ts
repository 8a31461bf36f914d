import { setTimeout as elapsed } from 'node:timers/promises';
import type * as OpenTelemetryApi from '@opentelemetry/api';
import type * as SentryNode from '@sentry/node';
import type * as KafkaJs from 'kafkajs';
import { describeOrder, type Order, parseOrder, refuseOnDemand } from './order.ts';
import { onStop, setting } from './process.ts';

export interface Libraries {
  readonly Kafka: typeof KafkaJs.Kafka;
  readonly OpenTelemetry: typeof OpenTelemetryApi;
  readonly Sentry: typeof SentryNode;
}

/** How long the bank takes, in milliseconds. */
const BANK = 20;

/** The end of the line: charges every order that arrives on the topic. */
export async function billing({ Kafka, OpenTelemetry, Sentry }: Libraries): Promise<void> {
  const { propagation, SpanStatusCode, trace } = OpenTelemetry;
  const topic = setting('BILLING_TOPIC');
  const kafka = new Kafka({ clientId: 'billing', brokers: setting('KAFKA_BROKERS').split(',') });
  // Waits at most that long for more records, in milliseconds, and so does its end.
  const consumer = kafka.consumer({ groupId: `${topic}-billing`, maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  consumer.on(consumer.events.GROUP_JOIN, () => console.log('billing ready'));

  await consumer.run({
    partitionsConsumedConcurrently: 4,
    async eachMessage({ message }) {
      try {
        await handle(String(message.value));
      } catch (error) {
        // Not thrown on: kafkajs would deliver the message again and again, and no other of its partition.
        Sentry.captureException(error);
        trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
      }
    },
  });
  onStop(() => consumer.disconnect());

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
