import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { SinkSpan } from '../../support/sink/index.ts';
import { behaviour, type Stage } from './harness.ts';
import { type KafkaStage, kafkaStage, type Sent } from './kafka.ts';

/** How long a transaction may stay open; half an hour without it. */
const IMPATIENT = { OTEL_SENTRY_SETTLEMENT_TIMEOUT: '300' };

/** Everything that a span says of how something ended. */
const said = (spans: readonly SinkSpan[]) =>
  JSON.stringify(spans.map(({ attributes, events, statusMessage }) => [attributes, events, statusMessage]));

async function transact(
  kafka: KafkaStage,
  end: 'commit' | 'abort' | 'never',
  more: object = {},
): Promise<string> {
  const messages = [{ key: randomUUID(), value: 'a message' }];
  const { span } = await kafka.application.call<Sent>('transact', {
    topic: kafka.outbox,
    messages,
    end,
    ...more,
  });
  return span.traceId;
}

const sends = (spans: readonly SinkSpan[]) => spans.filter(({ kind }) => kind === 'producer');

behaviour(
  25,
  'the spans of an aborted transaction say so',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const aborted = sends(await kafka.trace(await transact(kafka, 'abort')));
    expect(aborted, 'the sends have ended').toHaveLength(1);
    expect(said(aborted), 'they say it was aborted').toContain('abort');
    const committed = sends(await kafka.trace(await transact(kafka, 'commit')));
    expect(said(committed), 'those of a committed one say that').toContain('commit');
    expect(said(committed), 'and nothing else').not.toContain('abort');
  },
  { variant: 'aborted' },
);

behaviour(
  25,
  'a transaction that nobody ends is ended by a timer',
  async (stage) => {
    const kafka = await kafkaStage(stage, IMPATIENT);
    const traceId = await transact(kafka, 'never');
    const spans = await openEnded(stage, traceId);
    expect(said(spans), 'the spans say how').toContain('unsettled');
  },
  { variant: 'never settled' },
);

/** The transaction's own span and its send, once both have ended. */
async function openEnded({ sink }: Stage, traceId: string): Promise<SinkSpan[]> {
  const ended = () => sink.spans({ traceId, source: 'otlp' }).filter(({ kind }) => kind !== 'server');
  return await sink.waitFor(
    'the end of the transaction',
    () => {
      const spans = ended();
      return spans.some(({ name }) => /transaction/i.test(name)) && sends(spans).length > 0 && spans;
    },
    { timeout: 5_000 },
  );
}

behaviour(
  25,
  'sendOffsets has a span that is linked to its transaction',
  async (stage) => {
    const kafka = await kafkaStage(stage);
    const traceId = await transact(kafka, 'commit', { offsetsOf: kafka.inbox });
    const spans = await kafka.trace(traceId);
    const transaction = spans.find(({ name }) => /transaction/i.test(name));
    const linked = spans.filter(({ links }) => links.some(({ spanId }) => spanId === transaction?.spanId));
    expect(linked, 'one span links the transaction').toMatchObject([{ kind: 'client' }]);
    expect(linked[0]?.name, 'and names the group').toContain(kafka.inbox);
  },
  { variant: 'sendOffsets' },
);
