/** The shop of five services, each a process of its own that knows nothing of tracing. */

import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { createTopic } from '../test/support/kafka-topic.ts';
import { type RunningApp, runApp } from '../test/support/process.ts';
import { CHECKOUT, type Project } from '../test/support/project.ts';
import type { Order } from './services/order.ts';

export const SERVICES = ['storefront', 'gateway', 'orders', 'pricing', 'billing'] as const;
export type ServiceName = (typeof SERVICES)[number];

export type ModuleSystem = 'esm' | 'cjs';

export interface ShopOptions {
  readonly modules: ModuleSystem;
  /** Has the services and their packages. Default: this repository. */
  readonly project?: Project | undefined;
  /** Without them only the services that talk HTTP run: storefront, gateway and pricing. */
  readonly brokers?: { readonly amqpUrl: string; readonly kafkaBrokers: readonly string[] } | undefined;
  /** For every service, beside `OTEL_SERVICE_NAME`. */
  readonly env: Readonly<Record<string, string>>;
  /** For one service, beside `env`. */
  readonly envOf?: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>>;
}

export interface Shop extends AsyncDisposable {
  /** The services that run, in the order in which an order passes them. */
  readonly services: readonly ServiceName[];
  /** Places an order. @returns the storefront's answer; 202 means that the order is on its way. */
  order(order: Order, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Starts another billing, which takes over some of the topic's partitions. Resolves when both have theirs. */
  addBilling(): Promise<void>;
  /** Has the oldest billing end by itself; those that remain take over its partitions. */
  removeBilling(): Promise<void>;
  /** Has all services end by themselves. Rejects with the output of one that doesn't end with code 0. */
  stop(): Promise<void>;
}

/** Milliseconds within which a service has to be ready. */
const START_TIME = 30_000;
/** Milliseconds that a service may take to end. */
const STOP_TIME = 10_000;
const PARTITIONS = 4;

/** Starts the services, later ones of the chain first. Rejects with the output of one that doesn't start. */
export async function startShop({
  modules,
  project: { folder, execArgv } = CHECKOUT,
  brokers,
  env,
  envOf = {},
}: ShopOptions): Promise<Shop> {
  const run = randomUUID().slice(0, 8);
  const apps: { readonly service: ServiceName; readonly app: RunningApp }[] = [];
  const topic = `billing-${run}`;
  const queueing: Record<string, string> =
    brokers === undefined
      ? {}
      : {
          AMQP_URL: brokers.amqpUrl,
          ORDERS_QUEUE: `orders-${run}`,
          KAFKA_BROKERS: brokers.kafkaBrokers.join(','),
          BILLING_TOPIC: topic,
        };

  const start = async (service: ServiceName, settings: Record<string, string> = {}): Promise<string> => {
    const entry = `demo/services/${modules}/${service}.${modules === 'esm' ? 'mjs' : 'cjs'}`;
    const app = runApp({
      entry,
      cwd: folder,
      execArgv,
      env: { ...queueing, ...settings, ...env, ...envOf[service], OTEL_SERVICE_NAME: service },
    });
    apps.push({ service, app });
    if (service === 'orders' || service === 'billing') {
      await app.waitForLine(new RegExp(`^${service} ready$`), START_TIME);
      return '';
    }
    return `http://127.0.0.1:${await app.ready(START_TIME)}`;
  };

  const stop = async () => {
    // From the head on, so that nobody's partner is gone before.
    for (const service of SERVICES) {
      for (const { app } of apps.filter((one) => one.service === service)) await end(app);
    }
    if (brokers !== undefined) await withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
  };
  const dispose = async () => {
    await Promise.all(apps.map(({ app }) => app[Symbol.asyncDispose]()));
  };

  try {
    if (brokers !== undefined) {
      await withAdmin(brokers, (admin) => createTopic(admin, { topic, numPartitions: PARTITIONS }));
    }
    const [pricing] = await Promise.all([start('pricing'), ...(brokers ? [start('billing')] : [])]);
    const [gateway] = await Promise.all([
      start('gateway', { PRICING_URL: pricing }),
      ...(brokers ? [start('orders', { PRICING_URL: pricing })] : []),
    ]);
    const storefront = await start('storefront', { GATEWAY_URL: gateway });
    return {
      services: SERVICES.filter((service) => apps.some((one) => one.service === service)),
      order: (order, headers) =>
        fetch(`${storefront}/orders`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(order),
          signal: AbortSignal.timeout(15_000),
        }),
      addBilling: async () => {
        await start('billing');
      },
      removeBilling: async () => {
        const oldest = apps.find(({ service }) => service === 'billing');
        if (oldest === undefined) throw new Error('no billing is running');
        await end(oldest.app);
        apps.splice(apps.indexOf(oldest), 1);
      },
      stop,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Has a service end by itself. Rejects with its output where that takes too long or goes wrong. */
async function end(app: RunningApp): Promise<void> {
  app.kill('SIGTERM');
  const late = setTimeout(() => app.kill('SIGKILL'), STOP_TIME);
  await app.succeeded().finally(() => clearTimeout(late));
}

type Admin = ReturnType<Kafka['admin']>;

async function withAdmin(
  { kafkaBrokers }: NonNullable<ShopOptions['brokers']>,
  use: (admin: Admin) => Promise<unknown>,
): Promise<void> {
  const kafka = new Kafka({ clientId: 'shop', brokers: [...kafkaBrokers], logLevel: logLevel.ERROR });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await use(admin);
  } finally {
    await admin.disconnect();
  }
}
