/**
 * `npm run demo`: the shop on real brokers, orders that go through, fail and are tried again, and their traces as
 * Sentry and an OpenTelemetry backend get them. With `--once`, in CI, or without a terminal it ends when the traces
 * are drawn: with code 0 where they are whole, else with 1.
 */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { parseArgs, styleText } from 'node:util';
import { withoutPassword } from '../test/support/brokers/environment.ts';
import { BrokersUnavailableError, startBrokers } from '../test/support/brokers/index.ts';
import { type Sink, startSink } from '../test/support/sink/index.ts';
import { page } from './page.ts';
import type { Order } from './services/order.ts';
import { type Shop, type ShopOptions, startShop } from './shop.ts';
import { gapsIn } from './view/gaps.ts';
import { traceOfOrder } from './view/trace.ts';
import { waterfall } from './view/waterfall.ts';

/** Milliseconds within which a trace has to be whole. */
const ARRIVAL_TIME = 30_000;
const FAILED = 1;
/** What a shell reports of a process that Ctrl-C ended. */
const INTERRUPTED = 130;

const { values: flags } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
const staying = !flags.once && process.stdout.isTTY && !process.env.CI;

/** How to end what has been started, the newest last. */
const endings: (() => Promise<void>)[] = [];
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
let code = await tried(() => Promise.race([demo(), interrupted.then(() => INTERRUPTED)]));
if (staying && code !== INTERRUPTED) await interrupted;
for (const end of endings.toReversed()) {
  if ((await tried(end)) === FAILED) code = FAILED;
}
process.exit(code); // after Ctrl-C something may still be starting

async function demo(): Promise<number> {
  const brokers = await brokersIfAny();
  const sink: Sink = await startSink({ handle: (request, response) => page(sink, request, response) });
  endings.push(() => sink.close());
  const shop = await startShopFor(sink, brokers);

  const failing = brokers === undefined ? 'pricing' : 'billing';
  const good = { id: '1001', customer: 'ann', amount: 59.9, coupon: 'WELCOME' };
  const bad = { id: '1002', customer: 'bob', amount: 1200, fail: failing };
  const late = { id: '1003', customer: 'cid', amount: 25, busy: 1 };
  const whole = [
    await show(sink, shop, good, { about: 'goes through', headers: browserBehindProxy() }),
    await show(sink, shop, bad, { about: `fails in ${failing}`, failing }),
    ...(brokers === undefined
      ? []
      : [await show(sink, shop, late, { about: 'orders takes up at its second delivery' })]),
  ];
  for (const { where, reason } of sink.invalid) say(`A backend would refuse ${where}: ${reason}`, 'red');
  if (staying) say(`The same as a page: http://127.0.0.1:${sink.port}/   (Ctrl-C ends it)`, 'green');
  return whole.includes(false) || sink.invalid.length > 0 ? FAILED : 0;
}

/** @returns what `run` returns, or {@link FAILED} where it throws, having said why. */
async function tried<T>(run: () => Promise<T>): Promise<T | typeof FAILED> {
  try {
    return await run();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), 'red');
    return FAILED;
  }
}

async function brokersIfAny(): Promise<ShopOptions['brokers']> {
  say('Getting RabbitMQ and Kafka');
  try {
    const brokers = await startBrokers({ log: note });
    endings.push(() => brokers.stop());
    note(`${withoutPassword(brokers.amqpUrl)} and ${brokers.kafkaBrokers.join(', ')}`);
    return brokers;
  } catch (error) {
    if (!(error instanceof BrokersUnavailableError)) throw error;
    say('Left out: RabbitMQ and Kafka, and with them orders and billing. Only the HTTP part runs.', 'yellow');
    note(error.message);
    return undefined;
  }
}

async function startShopFor(sink: Sink, brokers: ShopOptions['brokers']): Promise<Shop> {
  const env = {
    SENTRY_DSN: sink.dsn,
    SENTRY_ENVIRONMENT: 'demo', // in production, which is the default, Sentry gets a tenth of the traces
    OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
    OTEL_BSP_SCHEDULE_DELAY: '500', // milliseconds; OpenTelemetry exports every five seconds
  };
  say('Starting the services, each with `node --import @acme/otel-sentry/register` and');
  for (const [name, value] of Object.entries(env)) note(`${name}=${value}`);
  const shop = await startShop({ modules: 'esm', brokers, env });
  endings.push(() => shop.stop());
  note(`running: ${shop.services.join(', ')}`);
  return shop;
}

interface Showing {
  readonly about: string;
  readonly headers?: Record<string, string>;
  readonly failing?: string;
}

/** Places an order, draws its trace and lists what that lacks. @returns whether it is whole. */
async function show(
  sink: Sink,
  shop: Shop,
  order: Order,
  { about, headers, failing }: Showing,
): Promise<boolean> {
  say(`Order ${order.id}, which ${about}`);
  const expected = { services: shop.services, failing };
  await shop.order(order, headers);
  await sink
    .waitFor(
      `the trace of order ${order.id}`,
      () => gapsIn(traceOfOrder(sink, order.id), expected).length === 0,
      {
        timeout: ARRIVAL_TIME,
      },
    )
    .catch(() => undefined); // the gaps below say more than that it is late

  const trace = traceOfOrder(sink, order.id);
  const gaps = gapsIn(trace, expected);
  if (trace !== undefined) {
    console.log(`\n${waterfall(trace, process.stdout.columns ?? 120)}`);
    note(`S in Sentry, O in OTLP; ${trace.services.length} services, trace ${trace.traceId}`);
  }
  if (gaps.length > 0) say(`The trace is not whole after ${ARRIVAL_TIME / 1000} seconds:`, 'red');
  for (const gap of gaps) note(gap);
  return gaps.length === 0;
}

/** A browser with Sentry, and before the shop a proxy with a tracer of its own: the request names two traces. */
function browserBehindProxy(): Record<string, string> {
  const id = (bytes: number) => randomBytes(bytes).toString('hex');
  return {
    'sentry-trace': `${id(16)}-${id(8)}-1`,
    traceparent: `00-${id(16)}-${id(8)}-01`,
    baggage: 'tenant=acme',
  };
}

function say(line: string, colour: 'bold' | 'red' | 'yellow' | 'green' = 'bold'): void {
  console.log(`\n${styleText(colour, line)}`);
}

function note(line: string): void {
  console.log(styleText('dim', `  ${line.replaceAll('\n', '\n  ')}`));
}
