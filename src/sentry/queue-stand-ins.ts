import { type Attributes, type Context, type Span, type SpanContext, trace } from '@opentelemetry/api';
import { type MessagingSpan, messagingSpanIn } from '../messaging/messaging-span.ts';
import { passedOn } from '../messaging/other-instrumentations.ts';
import { isTracedClient } from '../messaging/runtime.ts';

/** Sentry's own integrations for client libraries that ours may trace. */
const INTEGRATION = /^auto\.queue\.(amqplib|kafkajs)\b/;

/** Processings that have had a span of Sentry's API for their message already. */
const described = new WeakSet<MessagingSpan>();

/**
 * Of a message that ours has a span for, Sentry's API makes no second one. What takes its place: nothing in the name
 * of which headers would be written, for spans of Sentry's integrations; the span of the message that is being
 * handled, for the first span with the op `queue.process` that the handler makes by hand.
 *
 * @returns undefined for all other spans.
 */
export function queueStandIn(attributes: Readonly<Attributes>, parent: Context): Span | undefined {
  const client = clientOf(attributes);
  if (client !== undefined) return isTracedClient(client) ? passedOn(parent) : undefined;
  if (attributes['sentry.op'] !== 'queue.process') return undefined;
  const running = processingIn(parent);
  const system = attributes['messaging.system'] ?? running?.system;
  if (running?.messages !== 1 || system !== running.system || described.has(running)) return undefined;
  const above = trace.getSpanContext(parent);
  if (above?.isRemote === true && !continues(above, running)) return undefined;
  described.add(running);
  return running.span;
}

/**
 * A trace that the handler of a message continues by hand from that very message goes on in the message's span, not
 * beside it.
 */
export function withinProcessing(parent: Context): Context {
  const above = trace.getSpanContext(parent);
  const running = above?.isRemote === true ? processingIn(parent) : undefined;
  return running !== undefined && continues(above, running) ? trace.setSpan(parent, running.span) : parent;
}

/** Which integration of Sentry's made it. */
function clientOf(attributes: Readonly<Attributes>): string | undefined {
  const origin = INTEGRATION.exec(String(attributes['sentry.origin']));
  if (origin !== null) return origin[1];
  // The span of a batch has no origin that says so.
  const isBatch =
    attributes['sentry.op'] === 'queue.receive' &&
    attributes['messaging.system'] === 'kafka' &&
    attributes['messaging.operation.name'] === 'poll' &&
    attributes['messaging.batch.message_count'] !== undefined;
  return isBatch ? 'kafkajs' : undefined;
}

function processingIn(parent: Context): MessagingSpan | undefined {
  const running = messagingSpanIn(parent);
  return running?.operation.type === 'process' && !running.ended ? running : undefined;
}

/** Whether a message's span is the child of that span. */
function continues(above: SpanContext | undefined, { span }: MessagingSpan): boolean {
  // An SDK's span that is recorded has it.
  const { parentSpanContext } = span as Span & { readonly parentSpanContext?: SpanContext };
  return (
    parentSpanContext !== undefined &&
    parentSpanContext.traceId === above?.traceId &&
    parentSpanContext.spanId === above.spanId
  );
}
