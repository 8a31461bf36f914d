import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { expect, test } from 'vitest';
import { createOtlpLogExport } from '../../../src/lifecycle/otlp-exporter.ts';
import { useOtlpSink } from './otlp-sink.ts';

const otlp = useOtlpSink();

function loggerWith(protocol: 'http/protobuf' | 'http/json' = 'http/protobuf') {
  const processor = createOtlpLogExport({ protocol, batch: { scheduledDelayMillis: 60_000 } });
  const resource = resourceFromAttributes({ 'service.name': 'shop' });
  const logger = new LoggerProvider({ processors: [processor], resource }).getLogger('test');
  return { processor, logger };
}

test.each(['http/protobuf', 'http/json'] as const)('log records arrive by %s', async (protocol) => {
  const { processor, logger } = loggerWith(protocol);
  logger.emit({ body: 'ordered', severityNumber: 9, severityText: 'INFO', attributes: { order: 1 } });
  await processor.forceFlush();
  expect(otlp.sink.logs).toMatchObject([{ body: 'ordered', attributes: { order: 1 }, service: 'shop' }]);
  expect(otlp.sink.requests).toMatchObject([{ path: '/v1/logs' }]);
  expect(otlp.sink.invalid).toEqual([]);
});

test('what is queued when the process ends is handed over', async () => {
  const { processor, logger } = loggerWith();
  logger.emit({ body: 'the last words' });
  for (const { url, headers, body } of processor.drainSync()) {
    await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  }
  expect(otlp.sink.logs.map(({ body }) => body)).toEqual(['the last words']);
  expect(processor.drainSync()).toEqual([]);
});
