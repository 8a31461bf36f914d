import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, ITopicConfig, KafkaJSProtocolError } from 'kafkajs';

/** Milliseconds between two looks, and those after which there is no point in another. */
const INTERVAL = 20;
const TIMEOUT = 10_000;

/**
 * Creates a topic of one partition unless told, and resolves when the broker serves it. kafkajs's `waitForLeaders`
 * waits while a leader is elected, but fails in the moment before a KRaft broker knows the topic at all.
 */
export async function createTopic(admin: Admin, config: ITopicConfig): Promise<void> {
  const { topic } = config;
  await admin.createTopics({ topics: [{ numPartitions: 1, ...config }], waitForLeaders: false });
  const deadline = Date.now() + TIMEOUT;
  for (;;) {
    try {
      await admin.fetchTopicMetadata({ topics: [topic] });
      return;
    } catch (error) {
      if (!isNotThereYet(error) || Date.now() > deadline) throw error;
    }
    await delay(INTERVAL);
  }
}

function isNotThereYet(error: unknown): boolean {
  const { type } = error as Partial<KafkaJSProtocolError>;
  return type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE';
}
