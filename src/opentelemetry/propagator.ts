import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator } from '@opentelemetry/core';
import type { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { loadChunk } from '../chunks.ts';
import type { OpenTelemetryConfig } from '../config/config.ts';

type B3 = { B3Propagator: typeof B3Propagator; B3InjectEncoding: typeof B3InjectEncoding };

/** Our propagator, and beside it the formats of other systems that `OTEL_PROPAGATORS` names. */
export function createPropagator(
  own: TextMapPropagator<unknown>,
  { foreignFormats }: OpenTelemetryConfig,
): TextMapPropagator<unknown> {
  if (foreignFormats.length === 0) return own;
  const { B3Propagator, B3InjectEncoding } = loadChunk<B3>(import.meta.url, '@opentelemetry/propagator-b3');
  const foreign = foreignFormats.map(
    (format) =>
      new B3Propagator({
        injectEncoding: format === 'b3' ? B3InjectEncoding.SINGLE_HEADER : B3InjectEncoding.MULTI_HEADER,
      }),
  );
  // The last one to extract has the last word.
  return new CompositePropagator({ propagators: [...foreign, own] });
}
