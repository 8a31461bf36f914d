/** For clients without an instrumentation of their own, and for the single messages of a batch. */

import { context, isSpanContextValid, type Link, type Tracer, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { describeDestination } from './destination.ts';
import type { HeaderMap, ReceivedMessage } from './message.ts';
import { messagingSpanIn } from './messaging-span.ts';
import { observe, runIn } from './observed.ts';
import { type Processing, startBatchProcessing, startProcessing } from './processing.ts';
import { type Publication, startPublication, untouched } from './publication.ts';
import { countInternalError, receivedMessageOf } from './runtime.ts';

/** A message that a client without instrumentation is about to send. */
export interface MessageToPublish<Headers extends HeaderMap = HeaderMap> {
  /** `messaging.system`: `redis`, `aws_sqs`, `nats`, … */
  readonly system: string;
  /** The queue, topic or list. Generated parts of it stay out of span names. */
  readonly destination: string;
  /** The headers or attributes the message would have without trace context. They are not changed. */
  readonly headers?: Headers | undefined;
  readonly id?: string | undefined;
  /** In bytes. */
  readonly bodySize?: number | undefined;
  /** What the messaging system calls the operation. @default 'send' */
  readonly operation?: string | undefined;
}

/** A message that a client without instrumentation has received. */
export interface MessageToConsume {
  /** `messaging.system`: `redis`, `aws_sqs`, `nats`, … */
  readonly system: string;
  /** The queue, topic or list. Generated parts of it stay out of span names. */
  readonly destination: string;
  /** As they came: text, bytes or lists of both; anything else is left aside. */
  readonly headers?: HeaderMap | null | undefined;
  readonly id?: string | undefined;
  /** In bytes. */
  readonly bodySize?: number | undefined;
  /** When the message was sent, if the broker says so. */
  readonly sentAt?: Date | undefined;
  /** How often it was delivered before. */
  readonly retryCount?: number | undefined;
}

/**
 * Sends a message in a PRODUCER span whose context travels in the message's headers.
 *
 * @param send gets the headers to put on the message: a copy of yours and, as text, `traceparent`, `sentry-trace`
 *   and whatever else the process's propagator writes.
 * @returns what `send` returns. What it throws or rejects with makes the span fail and is yours, the very same value.
 *
 * @example
 * await publishWithTrace({ system: 'redis', destination: 'jobs' }, (headers) =>
 *   redis.lPush('jobs', JSON.stringify({ headers, job })),
 * );
 */
export function publishWithTrace<Result, Headers extends HeaderMap = Record<never, never>>(
  message: MessageToPublish<Headers>,
  send: (headers: Headers & { readonly [field: string]: unknown }) => Result,
): Result {
  const publication = publicationOf(message);
  // The application's own headers are all there, whatever else is.
  const outgoing = (publication.headers ?? {}) as Headers & { readonly [field: string]: unknown };
  return runIn(publication.context, () =>
    observe(
      () => send(outgoing),
      ({ failure }) => publication.end(failure),
    ),
  );
}

/** Descriptions are the application's, and not all applications are type-checked. */
function publicationOf(message: MessageToPublish): Publication {
  try {
    const { destination, headers, operation = 'send', ...rest } = message;
    return startPublication(tracer(), {
      ...rest,
      headers,
      operation,
      destination: describeDestination(destination),
    });
  } catch {
    countInternalError();
    return untouched(message?.headers, context.active());
  }
}

/**
 * Handles a message in a CONSUMER span, a child of the span that sent it; in Sentry the message has an isolation
 * scope of its own. A list of messages is handled as a batch: its span is linked to all that sent them, and
 * {@link withMessageContext} handles one of them in its own context.
 *
 * @returns what `handler` returns. What it throws or rejects with makes the span fail, is sent to Sentry once, and is
 *   yours, the very same value.
 *
 * @example
 * const { headers, job } = JSON.parse(await redis.rPop('jobs'));
 * await consumeWithTrace({ system: 'redis', destination: 'jobs', headers }, () => work(job));
 */
export function consumeWithTrace<Result>(
  message: MessageToConsume | readonly MessageToConsume[],
  handler: () => Result,
): Result {
  return processed(() => {
    const messages = [message].flat().map(described);
    const [first] = messages;
    if (first === undefined || !Array.isArray(message)) return first && startProcessing(tracer(), first);
    const { system, destination } = first;
    return startBatchProcessing(tracer(), { system, destination, messages });
  }, handler);
}

/**
 * Handles one message of a batch in that message's own context: a CONSUMER span that is a child of the span which
 * sent it, linked to the batch's, with an isolation scope of its own in Sentry.
 *
 * @param message one that kafkajs's `eachBatch` or amqplib's `channel.get` delivered, as it is; of other clients,
 *   its description. An object that is neither is handled without a span.
 * @returns as with {@link consumeWithTrace}.
 *
 * @example
 * eachBatch: async ({ batch }) => {
 *   for (const message of batch.messages) await withMessageContext(message, () => work(message));
 * }
 */
export function withMessageContext<Result>(message: object, handler: () => Result): Result {
  return processed(() => {
    const received = receivedMessageOf(message) ?? (isDescription(message) ? described(message) : undefined);
    return received && startProcessing(tracer(), received, { links: linksToBatch() });
  }, handler);
}

function linksToBatch(): Link[] {
  const running = messagingSpanIn();
  const batch = running?.operation.type === 'process' ? running.span.spanContext() : undefined;
  return batch !== undefined && isSpanContextValid(batch) ? [{ context: batch }] : [];
}

/** Runs the handler in the processing that `start` gives; without one where it gives none or can't. */
function processed<Result>(start: () => Processing | undefined, handler: () => Result): Result {
  let processing: Processing | undefined;
  try {
    if (!isTracingSuppressed(context.active())) processing = start();
  } catch {
    // A description that is none, or one with accessors that throw.
    countInternalError();
  }
  if (processing === undefined) return handler();
  const running = processing;
  return running.run(handler, () => running.end());
}

function isDescription(message: object | null): message is MessageToConsume {
  const { system, destination }: Partial<Record<keyof MessageToConsume, unknown>> = message ?? {};
  return typeof system === 'string' && typeof destination === 'string';
}

function described({ destination, sentAt, headers, ...rest }: MessageToConsume): ReceivedMessage {
  return {
    ...rest,
    headers,
    sentAt: sentAt?.valueOf(),
    destination: describeDestination(destination),
  };
}

function tracer(): Tracer {
  return trace.getTracer('@acme/otel-sentry/messaging');
}
