import { afterEach, beforeEach, vi } from 'vitest';
import { type Sink, startSink } from '../../support/sink/index.ts';

/** A sink for each test of the file, which the environment names as the OTLP endpoint. */
export function useOtlpSink(): { readonly sink: Sink } {
  let sink: Sink;
  beforeEach(async () => {
    sink = await startSink();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', sink.otlpEndpoint);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await sink.close();
  });
  return {
    get sink() {
      return sink;
    },
  };
}
