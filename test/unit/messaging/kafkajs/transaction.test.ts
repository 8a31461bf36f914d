import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { Transaction, type TransactionOutcome } from '../../../../src/messaging/kafkajs/transaction.ts';
import type { Outcome } from '../../../../src/messaging/outcome.ts';
import { messagingCounters } from '../../../../src/messaging/runtime.ts';
import { linked, useTelemetry } from '../core/telemetry.ts';

const OUTCOME = 'messaging.kafka.transaction.outcome';

describe('a Kafka transaction', () => {
  const telemetry = useTelemetry();
  const begin = () => new Transaction({ id: 'shop', isEnabled: () => true, tracer: telemetry.tracer });
  const step = () => {
    const outcomes: Outcome[] = [];
    return { outcomes, end: (outcome: Outcome) => outcomes.push(outcome) };
  };
  const outcomes = () => telemetry.spans().map(({ name, attributes }) => [name, attributes[OUTCOME]]);

  it.each(['committed', 'aborted', 'unsettled'] satisfies TransactionOutcome[])(
    'that is %s says so on what was done in it, with the time that was done',
    (outcome) => {
      const transaction = begin();
      const sent = step();
      transaction.hold(sent, { attributes: { a: 1 } });
      const heldAt = performance.now();
      expect(sent.outcomes).toEqual([]);
      transaction.settle(outcome);

      expect(sent.outcomes).toEqual([
        { attributes: { a: 1, [OUTCOME]: outcome }, endTime: expect.any(Number) },
      ]);
      expect(sent.outcomes[0]?.endTime).toBeLessThanOrEqual(heldAt);
      expect(telemetry.span()).toMatchObject({ name: 'transaction', attributes: { [OUTCOME]: outcome } });
    },
  );

  it('holds a thousand spans; further ones end at once, without its outcome', () => {
    const transaction = begin();
    const before = messagingCounters.evicted;
    const steps = Array.from({ length: 1_002 }, step);
    for (const each of steps) transaction.hold(each, {});

    expect(steps.map(({ outcomes }) => outcomes.length).indexOf(1)).toBe(1_000);
    expect(messagingCounters.evicted).toBe(before + 2);
    transaction.settle('aborted');
    expect(steps.map(({ outcomes }) => outcomes[0]?.attributes?.[OUTCOME]).indexOf(undefined)).toBe(1_000);
  });

  it('says nothing of what is tried in it when it is over', () => {
    const transaction = begin();
    transaction.settle('committed');
    const late = step();
    transaction.hold(late, { error: new Error('ended') });

    expect(late.outcomes).toEqual([{ error: new Error('ended') }]);
  });

  it('that could not be committed fails, unless it was in the end', () => {
    const [aborted, committed] = [begin(), begin()];
    for (const transaction of [aborted, committed]) transaction.failed({ error: new Error('fenced') });
    aborted.settle('aborted');
    committed.settle('committed');

    expect(telemetry.spans().map(({ status }) => status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
    expect(outcomes()).toEqual([
      ['transaction', 'aborted'],
      ['transaction', 'committed'],
    ]);
  });

  it('that never began fails without an outcome', () => {
    begin().refused({ error: new Error('already one') });

    expect(telemetry.span().status.code).toBe(SpanStatusCode.ERROR);
    expect(outcomes()).toEqual([['transaction', undefined]]);
  });

  it('has a linked span for the offsets committed in it, named after their group', () => {
    const transaction = begin();
    const topics = [{ topic: 'orders', partitions: [] }];
    transaction.hold(transaction.startCommit({ consumerGroupId: 'billing', topics }) ?? step(), {});
    transaction.settle('committed');

    const [commit, own] = telemetry.spans();
    expect(commit).toMatchObject({
      name: 'commit billing',
      kind: SpanKind.CLIENT,
      attributes: {
        'messaging.operation.type': 'settle',
        'messaging.consumer.group.name': 'billing',
        'messaging.destination.name': 'orders',
        [OUTCOME]: 'committed',
      },
    });
    expect(commit && linked(commit)).toEqual([own?.spanContext().spanId]);
  });

  it.each([undefined, null, 'offsets', { topics: [] }, { consumerGroupId: 'billing' }])(
    'has none for offsets that kafkajs refuses: %j',
    (offsets) => {
      expect(begin().startCommit(offsets)).toBeUndefined();
    },
  );
});
