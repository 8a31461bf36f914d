import { type Attributes, type Context, context, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { creationContext } from './creation-context.ts';
import { latencyOf } from './latency.ts';
import type { Destination, ReceivedMessage } from './message.ts';
import { describeSpan, MessagingSpan } from './messaging-span.ts';
import type { Outcome } from './outcome.ts';
import { countInternalError, rememberReceived } from './runtime.ts';
import {
  deliveryAttributes,
  messageAttributes,
  type Operation,
  RECEIVE,
  spanName,
  startAttributes,
} from './semantic-conventions.ts';

/** A call by which the application asks for a message or settles some: it belongs to whatever asked. */
export interface ClientOperation {
  /** For the client's own call; the span is active in it. */
  readonly context: Context;
  /** The message that the call brought: linked, described, and known to `withMessageContext` from now on. */
  received(message: object, description: ReceivedMessage): void;
  /** Ends the span; calls after the first do nothing. Never throws. */
  end(outcome?: Outcome): void;
}

/** What a call is made to. */
export interface ClientTarget {
  readonly system: string;
  readonly destination: Destination;
  readonly attributes?: Attributes | undefined;
}

/**
 * Starts the CLIENT span of a call to the broker, in the active context. Never throws.
 *
 * @param operation default: `receive`.
 */
export function startClientOperation(
  tracer: Tracer,
  { system, destination, attributes }: ClientTarget,
  operation: Operation = RECEIVE,
  parent: Context = context.active(),
): ClientOperation {
  try {
    const span = tracer.startSpan(
      spanName(operation, destination),
      {
        kind: SpanKind.CLIENT,
        attributes: { ...startAttributes(operation, system, destination), ...attributes },
      },
      parent,
    );
    const running = new MessagingSpan({
      span,
      context: trace.setSpan(parent, span),
      operation,
      system,
      destination,
      messages: 1,
    });
    return {
      context: running.context,
      received: (message, description) => {
        try {
          rememberReceived(message, description);
          const { spanContext } = creationContext(description.headers);
          if (spanContext !== undefined) span.addLink({ context: spanContext });
          describeSpan(span, () => ({
            ...messageAttributes(description),
            ...deliveryAttributes(description, latencyOf(description, Date.now())),
          }));
        } catch {
          countInternalError();
        }
      },
      end: (outcome) => running.end(outcome),
    };
  } catch {
    countInternalError();
    return { context: parent, received: rememberReceived, end: () => undefined };
  }
}
