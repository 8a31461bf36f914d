import { subscribe } from 'node:diagnostics_channel';
import { TraceFlags } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, test, vi } from 'vitest';
import type { BatchLimits } from '../../../src/lifecycle/otlp-batch.ts';
import { createOtlpExport } from '../../../src/lifecycle/otlp-exporter.ts';
import type { OtlpSpanProcessor } from '../../../src/lifecycle/otlp-span-processor.ts';
import { useOtlpSink } from './otlp-sink.ts';

const otlp = useOtlpSink();

interface SetUp {
  readonly batch?: Partial<BatchLimits>;
  readonly resource?: Resource;
  readonly protocol?: 'http/protobuf' | 'http/json';
}

/** The processor and a function that makes ended spans of these names. */
function processorWith({ batch, resource, protocol = 'http/protobuf' }: SetUp = {}) {
  const processor = createOtlpExport({ protocol, ...(batch && { batch }) });
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    spanProcessors: [processor],
    ...(resource && { resource }),
  });
  const spans = (...names: string[]) => {
    for (const name of names) provider.getTracer('test').startSpan(name).end();
  };
  return { processor, spans };
}

const arrived = () => otlp.sink.spans().map(({ name }) => name);
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `span ${i}`);

/** Posts what the processor hands over, as the end of the process would. @returns how many requests that were. */
async function takeOver(processor: OtlpSpanProcessor): Promise<number> {
  const payloads = processor.drainSync();
  for (const { url, headers, body } of payloads) {
    await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  }
  return payloads.length;
}

test.each(['http/protobuf', 'http/json'] as const)(
  'spans arrive by %s when they are flushed',
  async (protocol) => {
    const { processor, spans } = processorWith({ protocol });
    spans('one', 'two');
    await processor.forceFlush();
    expect(arrived()).toEqual(['one', 'two']);
    expect(otlp.sink.invalid).toEqual([]);
  },
);

test('a full batch is sent at once, the rest after the delay', async () => {
  const { spans } = processorWith({ batch: { maxExportBatchSize: 2, scheduledDelayMillis: 20 } });
  spans('one', 'two', 'three');
  await otlp.sink.waitFor('three spans', () => arrived().length === 3);
  expect(otlp.sink.requests).toHaveLength(2);
});

test('a flush sends every batch', async () => {
  const { processor, spans } = processorWith({ batch: { maxExportBatchSize: 10 } });
  spans(...numbered(35));
  await processor.forceFlush();
  expect(arrived()).toEqual(numbered(35));
});

test('more spans than the queue takes are dropped', async () => {
  const { processor, spans } = processorWith({ batch: { maxQueueSize: 3, scheduledDelayMillis: 60_000 } });
  processor.pause();
  spans(...numbered(5));
  processor.resume();
  await processor.forceFlush();
  expect(arrived()).toEqual(numbered(3));
});

test('spans that are not sampled are not exported', async () => {
  const { processor, spans } = processorWith();
  spans('sampled');
  const unsampled = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.NONE };
  // The one part of a span that is looked at before it is left out.
  processor.onEnd({ spanContext: () => unsampled } as Parameters<typeof processor.onEnd>[0]);
  await processor.forceFlush();
  expect(arrived()).toEqual(['sampled']);
});

test('headers and compression are what the variables say', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=shop');
  vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'gzip');
  const { processor, spans } = processorWith();
  spans('one');
  await processor.forceFlush();
  spans('two');
  await takeOver(processor);
  const headers = {
    'x-tenant': 'shop',
    'content-encoding': 'gzip',
    'content-type': 'application/x-protobuf',
  };
  expect(otlp.sink.requests).toMatchObject([{ headers }, { headers }]);
  expect(arrived()).toEqual(['one', 'two']);
});

test('a backend that says later gets the spans later', async () => {
  otlp.sink.behave({ status: 503, headers: { 'retry-after': '0' } });
  const { processor, spans } = processorWith();
  spans('one');
  const stop = otlp.sink.onArrival(() => otlp.sink.behave('answer'));
  await processor.forceFlush();
  stop();
  expect(otlp.sink.requests.map(({ outcome }) => outcome)).toEqual([503, 200]);
  expect(arrived()).toEqual(['one']);
});

test('before the end of the process what waits for a second attempt is sent at once, and nothing a third time', async () => {
  otlp.sink.behave({ status: 503, headers: { 'retry-after': '5' } });
  const { processor, spans } = processorWith();
  spans('one');
  const answered = nextResponse();
  void processor.forceFlush();
  await answered;
  const started = performance.now();
  await processor.flush(4_000);
  expect(otlp.sink.requests).toHaveLength(2);
  expect(performance.now() - started).toBeLessThan(2_000);
});

/** When a response that this process waits for has been read and dealt with. */
async function nextResponse(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  subscribe('http.client.response.finish', () => resolve());
  await promise;
  await new Promise(setImmediate);
}

test('everything that is queued can be sent synchronously, in batches', async () => {
  const { processor, spans } = processorWith({
    batch: { maxExportBatchSize: 10, scheduledDelayMillis: 60_000 },
  });
  processor.pause();
  spans(...numbered(25));
  expect(await takeOver(processor)).toBe(3);
  expect(arrived()).toEqual(numbered(25));
  expect(await takeOver(processor)).toBe(0);
});

test('spans can be sent synchronously while resource attributes are not known yet', async () => {
  const resource = resourceFromAttributes({
    'service.name': 'shop',
    'host.id': new Promise<string>(() => undefined),
  });
  const { processor, spans } = processorWith({ resource });
  spans('one');
  void processor.forceFlush();
  await takeOver(processor);
  expect(otlp.sink.spans()).toMatchObject([{ name: 'one', service: 'shop' }]);
});

test('spans whose request waits for its answer are not sent a second time', async () => {
  otlp.sink.behave('hang');
  const { processor, spans } = processorWith();
  spans('one');
  void processor.forceFlush();
  await otlp.sink.waitFor('the request', ({ requests }) => requests.length === 1);
  expect(processor.drainSync()).toEqual([]);
});
