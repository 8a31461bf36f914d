import { b3Multi } from './b3-multi.ts';
import { b3Single } from './b3-single.ts';
import type { ForeignCodec } from './codec.ts';
import { datadog } from './datadog.ts';
import { jaeger } from './jaeger.ts';
import { googlePubSub, massTransit } from './renamed-traceparent.ts';
import { xray } from './xray.ts';

const CODECS = {
  b3: b3Single,
  b3multi: b3Multi,
  jaeger,
  xray,
  datadog,
  masstransit: massTransit,
  googlepubsub: googlePubSub,
} satisfies Record<string, ForeignCodec>;

/** A header format of another system; OpenTelemetry's name where `OTEL_PROPAGATORS` has one for it. */
export type ForeignFormat = keyof typeof CODECS;

// Object.keys doesn't know the keys of a constant.
export const FOREIGN_FORMATS: readonly ForeignFormat[] = Object.keys(CODECS) as ForeignFormat[];

/** What a format writes. */
export function writerOf(format: ForeignFormat): ForeignCodec {
  return CODECS[format];
}

/**
 * What a format reads. Either B3 format reads both, the single header first.
 * Source: https://opentelemetry.io/docs/specs/otel/context/api-propagators/#b3-extract
 */
export function readersOf(format: ForeignFormat): readonly ForeignCodec[] {
  return format === 'b3' || format === 'b3multi' ? [b3Single, b3Multi] : [CODECS[format]];
}
