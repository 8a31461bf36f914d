import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { startBrokers } from '../test/support/brokers/index.ts';
import { createTopic } from '../test/support/kafka-topic.ts';
import { ContenderProcess, type Task } from './messages/contender-process.ts';
import { type Contender, contenders } from './messages/contenders.ts';
import { topicsOf } from './messages/kafkajs.ts';
import { startBlackhole } from './messages/sink.ts';
import { median, printTable } from './table.ts';

const ROUNDS = 7;
/** Milliseconds for the rounds of one client, on a machine that is busy with other things: fewer rounds then. */
const BUDGET = 60_000;

/** Of one step with one contender, round by round. */
interface Series {
  readonly perSecond: number[];
  readonly cpuPerMessage: number[];
}

/**
 * Messages per second and CPU per message through each client, without instrumentation and with each of them. All
 * contenders' processes live at once and take turns step by step, so that a slow moment of the machine hits them
 * alike; medians over the rounds.
 *
 * @param rounds how many count; one more warms up. Default: seven, or as many as a minute is enough for.
 */
export async function benchMessages(rounds?: number): Promise<void> {
  const brokers = await startBrokers();
  try {
    await using blackhole = await startBlackhole();
    const all = contenders(blackhole.url);
    const destination = `bench-${randomBytes(4).toString('hex')}`;
    await benchClient({ client: 'amqplib', address: brokers.amqpUrl, destination }, all, rounds);
    const topics = all.flatMap((_, index) => [...topicsOf(`${destination}-${index}`)]);
    await withTopics(brokers.kafkaBrokers, topics, () =>
      benchClient({ client: 'kafkajs', address: brokers.kafkaBrokers.join(), destination }, all, rounds),
    );
    const silent = all.filter(({ folder }) => folder !== undefined && !blackhole.received.has(folder));
    if (silent.length > 0) throw new Error(`no telemetry of ${silent.map(({ name }) => name).join(', ')}`);
  } finally {
    await brokers.stop();
  }
}

async function benchClient(
  task: Omit<Task, 'tracedBy'>,
  all: readonly Contender[],
  rounds: number | undefined,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const processes = await Promise.all(
    all.map(async (contender, index) => {
      const destination = `${task.destination}-${index}`;
      return stack.use(await ContenderProcess.start(contender, { ...task, destination }));
    }),
  );
  const steps = processes[0]?.steps ?? [];
  const results = processes.map((): Series[] => steps.map(() => ({ perSecond: [], cpuPerMessage: [] })));
  const { most, until } = rounds
    ? { most: rounds, until: Number.POSITIVE_INFINITY }
    : { most: ROUNDS, until: performance.now() + BUDGET };
  let counted = 0;
  for (let round = 0; round <= most && (counted === 0 || performance.now() < until); round++) {
    for (const [step, { name, messages }] of steps.entries()) {
      for (const [index, contender] of processes.entries()) {
        const { milliseconds, cpuMicroseconds } = await contender.run(name);
        if (round === 0) continue;
        results[index]?.[step]?.perSecond.push((messages / milliseconds) * 1000);
        results[index]?.[step]?.cpuPerMessage.push(cpuMicroseconds / messages);
      }
    }
    counted = round;
  }
  const plain = results[0]?.map(({ cpuPerMessage }) => median(cpuPerMessage)) ?? [];
  printTable(
    `Messages through ${task.client}: messages per second; CPU µs per message, export included; its ratio to the\n` +
      `uninstrumented's (medians of ${counted} interleaved rounds)`,
    ['', ...steps.map(({ name }) => name)],
    results.map((series, index) => [
      all[index]?.name ?? '',
      ...series.map(({ perSecond, cpuPerMessage }, step) => {
        const cpu = median(cpuPerMessage);
        const ratio = cpu / (plain[step] ?? Number.NaN);
        return `${Math.round(median(perSecond)).toLocaleString('en')}/s  ${cpu.toFixed(1)} µs  ${ratio.toFixed(1)}x`;
      }),
    ]),
  );
}

/** Kafka's topics, and the groups that consume them, outlive the processes that use them. */
async function withTopics(brokers: string[], topics: string[], run: () => Promise<void>): Promise<void> {
  const admin = new Kafka({ clientId: 'bench', brokers, logLevel: logLevel.ERROR }).admin();
  await admin.connect();
  try {
    for (const topic of topics) await createTopic(admin, { topic });
    await run();
    const { groups } = await admin.listGroups();
    const empty = groups
      .map(({ groupId }) => groupId)
      .filter((id) => topics.some((topic) => id.startsWith(topic)));
    await admin.deleteGroups(empty);
  } finally {
    await admin.deleteTopics({ topics });
    await admin.disconnect();
  }
}
