import { isSpanContextValid, TraceFlags, trace } from '@opentelemetry/api';
import type { OpenTelemetryConfig } from '../config/config.ts';
import type { DelegateSampler } from './sdk-interfaces.ts';

// OpenTelemetry's enum as plain numbers: this module must not load an SDK.
const NOT_RECORD = 0;
const RECORD_AND_SAMPLED = 2;

/**
 * OpenTelemetry's own decision, as `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` say. The parts for a shop's own
 * set-up bring no SDK, so these are the SDK's samplers once more: they sample the same ids.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-samplers
 */
export function createSampler({ sampler, samplerRatio }: OpenTelemetryConfig): DelegateSampler {
  switch (sampler) {
    case 'always_on':
      return ALWAYS_ON;
    case 'always_off':
      return ALWAYS_OFF;
    case 'traceidratio':
      return traceIdRatio(samplerRatio);
    case 'parentbased_always_on':
      return PARENT_BASED_ALWAYS_ON;
    case 'parentbased_always_off':
      return parentBased(ALWAYS_OFF);
    case 'parentbased_traceidratio':
      return parentBased(traceIdRatio(samplerRatio));
  }
}

const ALWAYS_ON: DelegateSampler = {
  shouldSample: () => ({ decision: RECORD_AND_SAMPLED }),
  toString: () => 'AlwaysOnSampler',
};

const ALWAYS_OFF: DelegateSampler = {
  shouldSample: () => ({ decision: NOT_RECORD }),
  toString: () => 'AlwaysOffSampler',
};

function parentBased(root: DelegateSampler): DelegateSampler {
  return {
    shouldSample: (context, ...rest) => {
      const parent = trace.getSpanContext(context);
      if (parent === undefined || !isSpanContextValid(parent)) return root.shouldSample(context, ...rest);
      const sampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
      return { decision: sampled ? RECORD_AND_SAMPLED : NOT_RECORD };
    },
    toString: () => `ParentBased{root=${root.toString()}}`,
  };
}

/** The specification's default. */
export const PARENT_BASED_ALWAYS_ON: DelegateSampler = parentBased(ALWAYS_ON);

/** By the exclusive or of the id's four 32-bit parts, as the SDK does, so that services agree whoever decides. */
function traceIdRatio(ratio: number): DelegateSampler {
  const bound = ratio === 1 ? 0x1_0000_0000 : Math.floor(ratio * 0xffff_ffff);
  return {
    shouldSample: (_context, traceId) => {
      let folded = 0;
      for (let index = 0; index < 32; index += 8) {
        folded ^= Number.parseInt(traceId.slice(index, index + 8), 16);
      }
      return { decision: folded >>> 0 < bound ? RECORD_AND_SAMPLED : NOT_RECORD };
    },
    toString: () => `TraceIdRatioBased{${ratio}}`,
  };
}
