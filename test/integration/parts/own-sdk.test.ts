import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runApp } from '../../support/process.ts';
import { startSink } from '../../support/sink/index.ts';

const entry = fileURLToPath(new URL('./fixtures/own-sdk.mjs', import.meta.url));

describe("our parts in a shop's own NodeSDK", () => {
  it.each([
    { ratio: '1', rate: '1', otlp: ['job', 'step'], sentry: ['job', 'step'] },
    { ratio: '0', rate: '1', otlp: [], sentry: ['job', 'step'] },
    { ratio: '1', rate: '0', otlp: ['job', 'step'], sentry: [] },
  ])(
    'its sampler decides for OTLP ($ratio), the sample rate for Sentry ($rate)',
    async ({ ratio, rate, otlp, sentry }) => {
      await using sink = await startSink();
      await using app = runApp({
        entry,
        env: {
          RATIO: ratio,
          SENTRY_DSN: sink.dsn,
          SENTRY_TRACES_SAMPLE_RATE: rate,
          OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
        },
      });
      const { stderr } = await app.succeeded();
      expect(stderr).toBe('');
      expect(sink.invalid).toEqual([]);
      const names = (source: 'sentry' | 'otlp') =>
        sink
          .spans({ source })
          .map(({ name }) => name)
          .sort();
      expect({ otlp: names('otlp'), sentry: names('sentry') }).toEqual({ otlp, sentry });

      const [error] = sink.errors({ value: 'in a step' });
      const steps = sink.spans({ name: 'step' });
      for (const step of steps) expect([error?.traceId, error?.spanId]).toEqual([step.traceId, step.spanId]);
      const jobs = sink.spans({ name: 'job' });
      for (const step of steps) expect(jobs.map(({ spanId }) => spanId)).toContain(step.parentSpanId);
    },
  );
});
