import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { resolveConfig } from '../../../src/config/config.ts';
import { createSampler } from '../../../src/opentelemetry/sampler.ts';

const SDK: Readonly<Record<string, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
};

const hex = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
    .map((digits) => digits.map((digit) => digit.toString(16)).join(''))
    .filter((id) => /[^0]/.test(id));

const parents = fc.option(
  fc.record({ spanId: hex(16), traceFlags: fc.integer({ min: 0, max: 3 }), isRemote: fc.boolean() }),
);

it.each(Object.entries(SDK))("%s decides as the SDK's own", (sampler, sdk) => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), hex(32), parents, (ratio, traceId, parent) => {
      const { config } = resolveConfig({
        OTEL_TRACES_SAMPLER: sampler,
        OTEL_TRACES_SAMPLER_ARG: String(ratio),
      });
      const context = parent ? trace.setSpanContext(ROOT_CONTEXT, { traceId, ...parent }) : ROOT_CONTEXT;
      const [ours, theirs] = [createSampler(config.openTelemetry), sdk(ratio)].map(
        (either) => either.shouldSample(context, traceId, 'GET', SpanKind.SERVER, {}, []).decision,
      );
      expect(ours).toBe(theirs);
    }),
  );
});
