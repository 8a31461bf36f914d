import { patchMethod } from '../../patch-method.ts';
import { observe } from '../observed.ts';
import type { Outcome } from '../outcome.ts';
import type { Client } from './client.ts';
import { copyWith } from './copy-with.ts';
import { isTopicMessages, startSending, type TopicMessages } from './sending.ts';

/** Something whose span ends when its outcome is known. */
export interface Step {
  end(outcome: Outcome): void;
}

/** Ends a step: at once, or when the transaction it belongs to is over. */
export type EndStep = (step: Step, outcome: Outcome) => void;

/**
 * What isn't a record at all goes to kafkajs without a span, to be refused there.
 * @param target a producer or a transaction.
 */
export function patchSending(target: object, client: Client, endStep: EndStep): void {
  patchMethod(target, 'send', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const [record, ...rest] = args;
      if (!client.isEnabled() || !isTopicMessages(record)) return original.apply(this, args);
      const call = startSending(client, [record]);
      return observe(
        () => original.call(this, call.topics[0], ...rest),
        (end) => call.end(end, endStep),
      );
    };
  });
  patchMethod(target, 'sendBatch', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const [batch, ...rest] = args;
      if (!client.isEnabled() || !isBatch(batch)) return original.apply(this, args);
      const call = startSending(client, batch.topicMessages);
      return observe(
        () => original.call(this, copyWith(batch, { topicMessages: call.topics }), ...rest),
        (end) => call.end(end, endStep),
      );
    };
  });
}

function isBatch(value: unknown): value is { readonly topicMessages: readonly TopicMessages[] } {
  const { topicMessages } = (value ?? {}) as { readonly topicMessages?: unknown }; // whatever it is
  return Array.isArray(topicMessages) && topicMessages.every(isTopicMessages);
}
