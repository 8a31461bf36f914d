import type { Context, TextMapGetter, TextMapPropagator, TextMapSetter } from '@opentelemetry/api';
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
  return new PropagatorList([own, ...foreign]);
}

/** Runs propagators one after the other; later ones extract first, so the first one has the last word. */
class PropagatorList implements TextMapPropagator<unknown> {
  readonly #propagators: readonly TextMapPropagator<unknown>[];

  constructor(propagators: readonly TextMapPropagator<unknown>[]) {
    this.#propagators = propagators;
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter<unknown>): void {
    for (const propagator of this.#propagators) propagator.inject(context, carrier, setter);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter<unknown>): Context {
    return this.#propagators.reduceRight(
      (extracted, propagator) => propagator.extract(extracted, carrier, getter),
      context,
    );
  }

  fields(): string[] {
    return this.#propagators.flatMap((propagator) => propagator.fields());
  }
}
