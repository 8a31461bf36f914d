/** OpenTelemetry as a shop has it: its SDK, its context manager, and our propagator unless told otherwise. */

import { context, propagation, type TextMapPropagator, type Tracer, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach } from 'vitest';
import { SentryPropagator } from '../../../../propagators/propagator.ts';
import { configureMessaging } from '../../../../src/messaging/runtime.ts';

export const T = '0af7651916cd43dd8448eb211c80319c';
export const S = 'b7ad6b7169203331';
export const TRACEPARENT = `00-${T}-${S}-01`;

export interface Telemetry {
  readonly tracer: Tracer;
  /** What has ended, in that order. */
  spans(): ReadableSpan[];
  /** The only span that has ended. @throws where there is none, or are several. */
  span(): ReadableSpan;
}

export interface TelemetryOptions {
  readonly propagator?: TextMapPropagator;
  readonly sampler?: Sampler;
}

/** Registers OpenTelemetry before each test, and takes everything back after it. A describe's own replaces the file's. */
export function useTelemetry(options: TelemetryOptions = {}): Telemetry {
  let exporter = new InMemorySpanExporter();
  beforeEach(() => {
    exporter = new InMemorySpanExporter();
    unregister();
    trace.setGlobalTracerProvider(
      new TracerProvider({
        sampler: options.sampler ?? new AlwaysOnSampler(),
        spanProcessors: [new SimpleSpanProcessor({ exporter })],
      }),
    );
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(options.propagator ?? new SentryPropagator());
  });
  afterEach(() => {
    unregister();
    configureMessaging({});
  });
  return {
    get tracer() {
      return trace.getTracer('test');
    },
    spans: () => exporter.getFinishedSpans(),
    span() {
      const [span, ...more] = exporter.getFinishedSpans();
      if (span === undefined || more.length > 0)
        throw new Error(`${more.length + (span ? 1 : 0)} spans ended`);
      return span;
    },
  };
}

function unregister(): void {
  trace.disable();
  context.disable();
  propagation.disable();
}

/** The span ids that a span links. */
export const linked = ({ links }: ReadableSpan): string[] => links.map(({ context }) => context.spanId);

/** `traceparent` of a span that is sampled. */
export const traceparentOf = (span: ReadableSpan): string => {
  const { traceId, spanId } = span.spanContext();
  return `00-${traceId}-${spanId}-01`;
};

/** Headers that a program can get from anywhere, and that throw when they are looked at. */
export const HOSTILE_HEADERS: readonly (readonly [title: string, headers: Record<string, unknown>])[] = [
  ['an accessor that throws', Object.defineProperty({}, 'traceparent', { enumerable: true, get: refuse })],
  ['a proxy that refuses everything', new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse })],
  ['a revoked proxy', revoked()],
];

function refuse(): never {
  throw new Error('not for you');
}

function revoked(): Record<string, unknown> {
  const { proxy, revoke } = Proxy.revocable<Record<string, unknown>>({}, {});
  revoke();
  return proxy;
}
