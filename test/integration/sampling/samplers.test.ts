import { fileURLToPath } from 'node:url';
import { ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { runApp } from '../../support/process.ts';
import { type Backend, type Sink, startSink } from '../../support/sink/index.ts';

const file = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

/** Traces of each of the fixture's three kinds. */
const COUNT = 150;
const RATE = 0.3;
const RATIO = 0.5;

/** Every value of the variable, and OpenTelemetry's own sampler for it. */
const SAMPLERS: Readonly<Record<string, Sampler>> = {
  always_on: new AlwaysOnSampler(),
  always_off: new AlwaysOffSampler(),
  traceidratio: new TraceIdRatioBasedSampler(RATIO),
  parentbased_always_on: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(RATIO) }),
};

const SET_UPS = [
  { title: 'our preload', preload: '@acme/otel-sentry/register' },
  { title: 'a NodeSDK of its own', preload: file('own-sdk.mjs') },
];

/** As the fixture prints it: `sampled` is the flag of the `traceparent` that would leave. */
interface Trace {
  readonly name: string;
  readonly traceId: string;
  readonly callerSampled?: boolean;
  readonly sampled: boolean;
}

async function run(
  preload: string,
  sink: Sink,
  env: Readonly<Record<string, string>>,
): Promise<readonly Trace[]> {
  await using app = runApp({
    entry: file('traces.cjs'),
    execArgv: ['--import', preload],
    env: {
      COUNT: String(COUNT),
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.otlpEndpoint,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_TRACES_SAMPLER_ARG: String(RATIO),
      ...env,
    },
  });
  const { stdout, stderr } = await app.succeeded();
  expect(stderr).toBe('');
  expect(sink.invalid).toEqual([]);
  return JSON.parse(stdout) as readonly Trace[];
}

const idsOf = (traces: readonly Trace[]) => new Set(traces.map(({ traceId }) => traceId));

/** The traces a backend has. Of each it has both spans or none. */
function arrived(sink: Sink, source: Backend): ReadonlySet<string> {
  const names = new Map<string, string[]>();
  for (const { traceId, name } of sink.spans({ source }))
    names.set(traceId, [...(names.get(traceId) ?? []), name]);
  for (const [traceId, of] of names) expect(of.toSorted(), traceId).toEqual([expect.any(String), 'step']);
  return new Set(names.keys());
}

function sampledBy(sampler: Sampler, { traceId, callerSampled }: Trace): boolean {
  const caller =
    callerSampled === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, {
          traceId,
          spanId: '1234567890abcdef',
          isRemote: true,
          traceFlags: callerSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
        });
  const { decision } = sampler.shouldSample(caller, traceId, 'a span', SpanKind.INTERNAL, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

/** Within five standard deviations of a binomial distribution: one failure in two million. */
function expectAbout(count: number, of: number, rate: number): void {
  const deviation = Math.sqrt(of * rate * (1 - rate));
  expect(Math.abs(count - of * rate)).toBeLessThan(5 * deviation);
}

describe.each(Object.entries(SAMPLERS))('OTEL_TRACES_SAMPLER=%s', (name, sampler) => {
  describe.each(SET_UPS)('in $title', ({ preload }) => {
    it.each([
      { title: 'without Sentry', withSentry: false },
      { title: 'with Sentry beside', withSentry: true },
    ])('decides for OTLP and traceparent $title', async ({ withSentry }) => {
      await using sink = await startSink();
      const traces = await run(preload, sink, {
        OTEL_TRACES_SAMPLER: name,
        ...(withSentry && { SENTRY_DSN: sink.dsn, SENTRY_TRACES_SAMPLE_RATE: String(RATE) }),
      });
      const expected = idsOf(traces.filter((each) => sampledBy(sampler, each)));
      expect(arrived(sink, 'otlp')).toEqual(expected);
      expect(idsOf(traces.filter(({ sampled }) => sampled))).toEqual(expected);

      const inSentry = arrived(sink, 'sentry');
      if (withSentry) expectAbout(inSentry.size, traces.length, RATE);
      else expect(inSentry.size).toBe(0);
    });
  });
});

it('a tracesSampler decides for Sentry, and the sampler goes on deciding for OTLP', async () => {
  await using sink = await startSink();
  const traces = await run(file('own-sdk.mjs'), sink, {
    OTEL_TRACES_SAMPLER: 'traceidratio',
    SENTRY_DSN: sink.dsn,
    TRACES_SAMPLER: 'by-name',
  });
  const ratio = new TraceIdRatioBasedSampler(RATIO);
  expect(arrived(sink, 'otlp')).toEqual(idsOf(traces.filter((each) => sampledBy(ratio, each))));

  const inSentry = arrived(sink, 'sentry');
  const named = (name: string) => traces.filter((each) => each.name === name);
  const inSentryNamed = (name: string) => named(name).filter(({ traceId }) => inSentry.has(traceId)).length;
  expect(inSentryNamed('begun')).toBe(0);
  expectAbout(inSentryNamed('continued'), COUNT, 0.5);
  expect(inSentryNamed('checkout')).toBe(COUNT);
});
