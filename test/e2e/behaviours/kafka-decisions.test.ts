import { expect } from 'vitest';
import type { Backend } from '../../support/sink/index.ts';
import { behaviour, type Stage } from './harness.ts';
import { type KafkaStage, kafkaStage } from './kafka.ts';
import { idsIn, membersOf, remoteSpan } from './remote.ts';

/** An organisation's ingest host that can't be reached: OTLP tells what became of the traces. */
const OF_ORGANISATION_42 = { SENTRY_DSN: 'http://public@o42.invalid:1/1' };

/** Resolves when a backend has the span of the handler and that of its answer, and the other what it was sent. */
async function bothSpans(
  { sink }: Stage,
  kafka: KafkaStage,
  which: { readonly traceId: string; readonly source: Backend },
): Promise<void> {
  const there = () => sink.spans(which).length === 2;
  await kafka.application.flush();
  await sink.waitFor(`both spans in ${which.source}`, there, { timeout: 5_000 });
  await kafka.application.flush();
}

behaviour(
  34,
  'a message sent without being sampled says so',
  async (stage) => {
    const kafka = await kafkaStage(stage, { OTEL_TRACES_SAMPLER: 'always_off' });
    for (const as of [[], ['no span']] as const) {
      const { wire } = await kafka.sendOne({}, { as });
      expect(idsIn(wire.headers.traceparent).flag, 'traceparent goes out unsampled').toBe('00');
    }
  },
  { variant: 'Kafka, unsampled here' },
);

behaviour(
  34,
  "a traceparent that says no binds OTLP and goes on; Sentry's rate decides for Sentry",
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const { traceId, spanId } = remoteSpan();
    const delivery = await kafka.handle({
      traceparent: `00-${traceId}-${spanId}-00`,
      do: `answer:${kafka.outbox}`,
    });
    const { headers } = await kafka.onWire(delivery.key);
    expect(idsIn(headers.traceparent), 'it goes on').toMatchObject({ traceId, flag: '00' });
    expect(idsIn(headers['sentry-trace']), 'Sentry takes the trace').toMatchObject({ traceId, flag: '1' });
    await bothSpans(stage, kafka, { traceId, source: 'sentry' });
    expect(stage.sink.spans({ traceId, source: 'otlp' }), 'OTLP gets nothing').toEqual([]);
  },
  { variant: 'Kafka, W3C says no' },
);

behaviour(
  34,
  'a sentry-trace that says no binds Sentry and goes on; OTLP gets the spans',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const { traceId, spanId, traceparent } = remoteSpan();
    const delivery = await kafka.handle({
      traceparent,
      'sentry-trace': `${traceId}-${spanId}-0`,
      do: `answer:${kafka.outbox}`,
    });
    const { headers } = await kafka.onWire(delivery.key);
    await bothSpans(stage, kafka, { traceId, source: 'otlp' });
    expect(idsIn(headers.traceparent), 'traceparent goes on').toMatchObject({ traceId, flag: '01' });
    expect(idsIn(headers['sentry-trace']), 'sentry-trace goes on').toMatchObject({ traceId, flag: '0' });
    expect(stage.sink.spans({ traceId, source: 'sentry' }), 'Sentry gets nothing').toEqual([]);
  },
  { variant: 'Kafka, Sentry says no' },
);

behaviour(
  34,
  'a deferred decision stays deferred',
  async (stage) => {
    const kafka = await kafkaStage(stage, { SENTRY_OPTIONS: '{"tracesSampleRate":null}' });
    const { traceId, spanId } = remoteSpan();
    const delivery = await kafka.handle({
      'sentry-trace': `${traceId}-${spanId}`,
      do: `answer:${kafka.outbox}`,
    });
    const { headers } = await kafka.onWire(delivery.key);
    expect(idsIn(headers['sentry-trace']), 'sentry-trace goes on without a flag').toMatchObject({
      traceId,
      flag: undefined,
    });
  },
  { variant: 'Kafka, deferred' },
);

for (const { variant, env, organisation } of [
  { variant: 'another organisation', env: OF_ORGANISATION_42, organisation: ',sentry-org_id=7' },
  {
    variant: 'strict continuation',
    env: { ...OF_ORGANISATION_42, SENTRY_OPTIONS: '{"strictTraceContinuation":true}' },
    organisation: '',
  },
]) {
  behaviour(
    35,
    'nothing of a trace that must not be continued is taken over',
    async (stage) => {
      const kafka = await kafkaStage(stage, env);
      const remote = remoteSpan();
      const { traceId, sentryTrace, traceparent } = remote;
      const delivery = await kafka.handle({
        'sentry-trace': sentryTrace,
        traceparent,
        baggage: `tenant=acme,sentry-trace_id=${traceId},sentry-sample_rand=0.1${organisation}`,
        do: `answer:${kafka.outbox}`,
      });
      const span = await kafka.span(delivery);
      expect(span.parentSpanId, 'the span is a root').toBeUndefined();
      expect(span.traceId, 'in a trace of its own').not.toBe(traceId);
      const { headers } = await kafka.onWire(delivery.key);
      expect(JSON.stringify(headers), 'nothing of it goes on').not.toContain(traceId);
      const members = membersOf(headers.baggage);
      expect(members['sentry-org_id'], 'the organisation is our own').toBe('42');
    },
    { variant: `Kafka, ${variant}` },
  );
}

behaviour(
  35,
  "the own organisation's trace is continued",
  async (stage) => {
    const kafka = await kafkaStage(stage, OF_ORGANISATION_42);
    const { traceId, spanId, sentryTrace } = remoteSpan();
    const baggage = `sentry-trace_id=${traceId},sentry-org_id=42`;
    const delivery = await kafka.handle({ 'sentry-trace': sentryTrace, baggage });
    expect(await kafka.span(delivery), 'it is').toMatchObject({ traceId, parentSpanId: spanId });
  },
  { variant: 'Kafka, own organisation' },
);
