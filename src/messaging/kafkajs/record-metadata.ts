import type { Attributes } from '@opentelemetry/api';
import type { RecordMetadata } from 'kafkajs';
import { ATTR } from '../semantic-conventions.ts';
import { KAFKA_ATTR } from './message.ts';

/**
 * Where the broker has put a topic's messages, by the order in which they were sent. It tells the first offset of each
 * partition, which says it of every message where all went to one partition; where there are several, nothing is told.
 *
 * @param metadata what `send` and `sendBatch` are fulfilled with.
 */
export function placesOf(
  topic: string,
  metadata: readonly RecordMetadata[],
): { partition: Attributes; offset(index: number): Attributes } {
  const [only, ...others] = metadata.filter(({ topicName }) => topicName === topic);
  if (only === undefined || others.length > 0) return { partition: {}, offset: () => ({}) };
  // Brokers before 0.11 told it as `offset`; -1 is an idempotent producer's duplicate.
  const first = Number(only.baseOffset ?? only.offset ?? -1);
  return {
    partition: { [ATTR.partition]: String(only.partition) },
    offset: (index) =>
      first >= 0 && Number.isSafeInteger(first + index) ? { [KAFKA_ATTR.offset]: first + index } : {},
  };
}
