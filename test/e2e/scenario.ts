/** The demo's shop with all five services on real brokers, and a sink that gets its telemetry. */

import { inject } from 'vitest';
import {
  type ModuleSystem,
  SERVICES,
  type ServiceName,
  type Shop,
  type ShopOptions,
  startShop,
} from '../../demo/shop.ts';
import {
  type Backend,
  type Sink,
  type SinkOptions,
  type SinkSpan,
  type SpanKind,
  startSink,
} from '../support/sink/index.ts';

export { SERVICES };

/** The project that vitest.config.ts chose; none is this repository. */
const generation = inject('generation');
export const MODULE_SYSTEMS: readonly ModuleSystem[] = generation?.modules ?? ['esm', 'cjs'];
export const BACKENDS: readonly Backend[] = ['sentry', 'otlp'];

/** The way of an order from its tail to its head, spans within a service left out. */
export const WAY: readonly (readonly [ServiceName, SpanKind])[] = [
  ['billing', 'consumer'],
  ['pricing', 'producer'],
  ['pricing', 'server'],
  ['orders', 'client'],
  ['orders', 'consumer'],
  ['gateway', 'producer'],
  ['gateway', 'server'],
  ['storefront', 'client'],
  ['storefront', 'server'],
];

export interface Scenario extends AsyncDisposable {
  readonly sink: Sink;
  readonly shop: Shop;
}

export interface ScenarioOptions extends Pick<ShopOptions, 'envOf'> {
  readonly sink?: SinkOptions;
}

export async function startScenario(
  modules: ModuleSystem,
  { envOf = {}, sink: sinkOptions = {} }: ScenarioOptions = {},
): Promise<Scenario> {
  const sink = await startSink(sinkOptions);
  try {
    const shop = await startShop({
      modules,
      project: generation?.project,
      brokers: brokers(),
      env: {
        SENTRY_DSN: sink.dsn,
        SENTRY_ENVIRONMENT: 'test',
        OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
        OTEL_BSP_SCHEDULE_DELAY: '200',
        NODE_ENV: 'test', // Express prints no stacks then
      },
      envOf,
    });
    return {
      sink,
      shop,
      [Symbol.asyncDispose]: async () => {
        await shop[Symbol.asyncDispose]();
        await sink.close();
      },
    };
  } catch (error) {
    await sink.close();
    throw error;
  }
}

/** The brokers that vitest's global set-up started. */
export function brokers(): { amqpUrl: string; kafkaBrokers: readonly string[] } {
  const { AMQP_URL, KAFKA_BROKERS } = process.env;
  if (!AMQP_URL || !KAFKA_BROKERS) throw new Error('AMQP_URL and KAFKA_BROKERS are not set');
  return { amqpUrl: AMQP_URL, kafkaBrokers: KAFKA_BROKERS.split(',') };
}

/** Every span that names this order, and the rest of their trace. */
export function spansOfOrder(sink: Sink, orderId: string, source: Backend): readonly SinkSpan[] {
  const traceId = traceIdOfOrder(sink, orderId);
  return sink.spans((span) => span.traceId === traceId && span.source === source);
}

export function traceIdOfOrder(sink: Sink, orderId: string): string {
  const ofOrder = sink.spans(({ attributes }) => attributes['order.id'] === orderId);
  const traceIds = new Set(ofOrder.map(({ traceId }) => traceId));
  const [traceId] = traceIds;
  if (traceId === undefined || traceIds.size > 1) {
    throw new Error(`spans of order ${orderId} are in ${traceIds.size} traces, not in one`);
  }
  return traceId;
}

/** From a span up to its root. A parent that isn't there ends it. */
export function ancestry(span: SinkSpan | undefined, spans: readonly SinkSpan[]): readonly SinkSpan[] {
  if (span === undefined) return [];
  return [span, ...ancestry(parentOf(span, spans), spans)];
}

/** Service and kind of the spans between services, to compare with {@link WAY}. */
export function stationsOf(
  way: readonly SinkSpan[],
): readonly (readonly [string | undefined, SpanKind | undefined])[] {
  return way
    .filter(({ kind }) => kind !== undefined && kind !== 'internal')
    .map(({ service, kind }) => [service, kind]);
}

function parentOf({ parentSpanId }: SinkSpan, spans: readonly SinkSpan[]): SinkSpan | undefined {
  return parentSpanId === undefined ? undefined : spans.find(({ spanId }) => spanId === parentSpanId);
}
