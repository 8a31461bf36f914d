/**
 * The behaviours of message tracing, each tested under its number, on real brokers. A fixture is an application that
 * knows nothing of what traces it: the suite runs it under this package's preload, and with `BEHAVIOURS_OF=contrib`
 * under OpenTelemetry's, which gives the table in docs/messaging.md.
 *
 * Importing this file sets a test file up: one sink and one connection to each broker, closed at its end.
 */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, test } from 'vitest';
import type { RunningApp } from '../../support/process.ts';
import { type Sink, startSink } from '../../support/sink/index.ts';
import { type Application, startApplication } from './application.ts';
import { type Amqp, Brokers, type KafkaClients } from './brokers.ts';
import { BEHAVIOURS } from './list.ts';

export { type Instrumentation, instrumentation } from './instrumentation.ts';
export type { Amqp, Application, KafkaClients };

export interface Stage {
  /** The file's: filter by ids, or by names made with `unique`. */
  readonly sink: Sink;
  /** A random suffix for queue and topic names. */
  readonly unique: string;
  /** Runs `fixtures/<fixture>.mjs` in a process of its own, which gets `UNIQUE`; it is killed after the test. */
  run(fixture: string, env?: Readonly<Record<string, string>>): Promise<RunningApp>;
  /**
   * A process that the tests of this file share, one for each fixture and environment. Its fixture serves commands, see
   * `fixtures/commands.mjs`; name queues and topics in the commands.
   */
  application(fixture: string, env?: Readonly<Record<string, string>>): Promise<Application>;
  /** Clients of the test process, which nothing instruments. */
  kafka(): Promise<KafkaClients>;
  /** A channel of its own on the file's connection. */
  amqp(): Promise<Amqp>;
}

/** Milliseconds within which a behaviour has to be seen. */
const TIMEOUT = 30_000;

let sink: Sink;
let brokers: Brokers;
const applications = new Map<string, Promise<Application>>();

beforeAll(async () => {
  sink = await startSink();
  brokers = new Brokers();
});
afterAll(async () => {
  await Promise.all([...applications.values()].map(async (application) => (await application).stop()));
  await brokers.close();
  await sink.close();
});

/**
 * Declares the test of one behaviour.
 *
 * @param number its number in {@link BEHAVIOURS}; `variant` tells several tests of one number apart.
 * @param title what the test shows.
 * @param run asserts with messages, `expect(actual, 'the claim')`: the claim that fails is the table's reason.
 */
export function behaviour(
  number: number,
  title: string,
  run: (stage: Stage) => Promise<void>,
  { variant, timeout = TIMEOUT }: { variant?: string; timeout?: number } = {},
): void {
  if (!BEHAVIOURS.has(number)) throw new RangeError(`no behaviour has the number ${number}`);
  test(`${number}. ${title}${variant === undefined ? '' : ` (${variant})`}`, { timeout }, async () => {
    const unique = randomUUID().slice(0, 8);
    const started: Application[] = [];
    try {
      await run({
        sink,
        unique,
        run: async (fixture, env = {}) => {
          const application = await startApplication(fixture, sink, { UNIQUE: unique, ...env });
          started.push(application);
          return application.process;
        },
        application: (fixture, env = {}) => {
          const key = JSON.stringify([fixture, Object.entries(env).toSorted()]);
          const running = applications.get(key) ?? startApplication(fixture, sink, env);
          applications.set(key, running);
          return running;
        },
        kafka: () => brokers.kafka(),
        amqp: () => brokers.amqp(),
      });
    } finally {
      await Promise.all(started.map((application) => application.stop()));
    }
  });
}
