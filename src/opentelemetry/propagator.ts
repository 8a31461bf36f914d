import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator } from '@opentelemetry/core';
import { ForeignPropagator } from '../../propagators/foreign/index.ts';
import type { OpenTelemetryConfig } from '../config/config.ts';

/** Our propagator, and beside it the formats of other systems that `OTEL_PROPAGATORS` names. */
export function createPropagator(
  own: TextMapPropagator<unknown>,
  { foreignFormats }: OpenTelemetryConfig,
): TextMapPropagator<unknown> {
  if (foreignFormats.length === 0) return own;
  // The last one to extract has the last word.
  return new CompositePropagator({ propagators: [new ForeignPropagator(foreignFormats), own] });
}
