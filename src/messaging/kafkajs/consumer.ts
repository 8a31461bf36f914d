import type { EachBatchPayload, EachMessagePayload } from 'kafkajs';
import { patchMethod } from '../../patch-method.ts';
import { attempt } from '../observed.ts';
import { type Processing, startBatchProcessing, startProcessing } from '../processing.ts';
import { rememberReceived } from '../runtime.ts';
import { ATTR } from '../semantic-conventions.ts';
import { Attempts } from './attempts.ts';
import { type Client, onEvent } from './client.ts';
import { copyWith } from './copy-with.ts';
import { describeReceived, describeTopic, sourceAttributes } from './message.ts';

/** Any handler of the application, as kafkajs calls it. */
type Handler = (this: unknown, ...args: unknown[]) => unknown;

/** The application's handlers run in their messages' contexts; its configuration stays as it is. */
export function patchConsumer(consumer: object, client: Client, groupId: string | undefined): void {
  const attempts = new Attempts();
  onEvent(consumer, 'GROUP_JOIN', (payload) => {
    // By kafkajs's types.
    const { memberAssignment } = payload as { memberAssignment?: Record<string, number[]> };
    attempts.keepOnly(memberAssignment);
  });

  const processMessage = ({ topic, partition, message }: EachMessagePayload): Processing => {
    const source = { topic, partition, groupId, clientId: client.id };
    const { offset } = message;
    const retryCount = attempts.deliver(topic, partition, offset)(offset);
    return startProcessing(client.tracer, describeReceived(message, source, retryCount));
  };

  const processBatch = ({ batch }: EachBatchPayload): Processing => {
    const { topic, partition } = batch;
    const source = { topic, partition, groupId, clientId: client.id };
    const first = batch.messages[0]?.offset ?? batch.firstOffset() ?? '';
    const retryCount = attempts.deliver(topic, partition, first, batch.messages.at(-1)?.offset);
    const messages = batch.messages.map((message) => {
      const description = describeReceived(message, source, retryCount(message.offset));
      rememberReceived(message, description);
      return description;
    });
    const attributes = { ...sourceAttributes(source), [ATTR.retryCount]: retryCount(first) };
    return startBatchProcessing(client.tracer, { ...describeTopic(topic), messages, attributes });
  };

  patchMethod(consumer, 'run', (original) => {
    return function (this: unknown, ...args: unknown[]) {
      const [config, ...rest] = args;
      if (typeof config !== 'object' || config === null) return original.apply(this, args);
      const { eachMessage, eachBatch } = config as { eachMessage?: unknown; eachBatch?: unknown };
      const handlers = {
        ...(isHandler(eachMessage) && { eachMessage: traced(eachMessage, client, processMessage) }),
        ...(isHandler(eachBatch) && { eachBatch: traced(eachBatch, client, processBatch) }),
      };
      return original.call(this, copyWith(config, handlers), ...rest);
    };
  });
}

/** @param start is given what kafkajs calls the handler with. */
function traced<Payload>(handler: Handler, client: Client, start: (payload: Payload) => Processing): Handler {
  return function (this: unknown, ...args: unknown[]) {
    if (!client.isEnabled()) return handler.apply(this, args);
    const processing = attempt(() => start(args[0] as Payload)); // kafkajs calls it
    if (processing === undefined) return handler.apply(this, args);
    return processing.run(
      () => handler.apply(this, args),
      () => processing.end(),
      (error) => !isRebalancing(error),
    );
  };
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

/** By these kafkajs tells a handler, through its heartbeat, to stop: the group is being divided anew. */
const REBALANCING: readonly unknown[] = [
  'REBALANCE_IN_PROGRESS',
  'NOT_COORDINATOR_FOR_GROUP',
  'ILLEGAL_GENERATION',
];

function isRebalancing(error: unknown): boolean {
  return error instanceof Error && REBALANCING.includes((error as { type?: unknown }).type);
}
