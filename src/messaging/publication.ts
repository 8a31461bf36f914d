import {
  type Context,
  context,
  isSpanContextValid,
  type Span,
  type SpanContext,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { injectContext, prepareHeaders } from './headers.ts';
import type { HeaderMap, OutgoingMessage } from './message.ts';
import { describeSpan, MessagingSpan } from './messaging-span.ts';
import type { Outcome } from './outcome.ts';
import { countInternalError } from './runtime.ts';
import { messageAttributes, type Operation, spanName, startAttributes } from './semantic-conventions.ts';

/** A message on its way out. */
export interface Publication {
  /** To send instead of the application's: a copy with this publication's context, or the original untouched. */
  readonly headers: HeaderMap | null | undefined;
  /** For the client's own call; the span is active in it. */
  readonly context: Context;
  /** Undefined where none was made: tracing is suppressed, or somebody else made it. */
  readonly span: Span | undefined;
  /** Ends the span; calls after the first do nothing. Never throws. */
  end(outcome?: Outcome): void;
}

/**
 * Starts the span of a message about to be sent and puts its context on a copy of the message's headers. Context that
 * stood there becomes a link: it is an earlier delivery's, or was put there on purpose (`keepTraceContext`). Never
 * throws; where telemetry fails, the message goes out as it is.
 *
 * @param parent where the message was created. Default: the active context.
 */
export function startPublication(
  tracer: Tracer,
  message: OutgoingMessage,
  parent: Context = context.active(),
): Publication {
  try {
    if (isTracingSuppressed(parent)) return untouched(message.headers, parent);
    const { headers, found, keep } = prepareHeaders(message.headers);
    const active = trace.getSpan(parent);
    const isActive = found !== undefined && isSame(found, active?.spanContext());
    if (isActive && isProducer(active)) return untouched(message.headers, parent);

    const operation: Operation = { name: message.operation, type: 'send' };
    const { system, destination } = message;
    const span = tracer.startSpan(
      spanName(operation, destination),
      {
        kind: SpanKind.PRODUCER,
        attributes: startAttributes(operation, system, destination),
        ...(found !== undefined && !isActive && { links: [{ context: found }] }),
      },
      parent,
    );
    const publication = new MessagingSpan({
      span,
      context: trace.setSpan(parent, span),
      operation,
      system,
      destination,
      messages: message.batchSize ?? 1,
    });
    if (!keep) injectContext(publication.context, headers);
    // With the headers that are sent: the size of the envelope is theirs.
    describeSpan(span, () => messageAttributes({ ...message, headers }));
    return { headers, context: publication.context, span, end: (outcome) => publication.end(outcome) };
  } catch {
    countInternalError();
    return untouched(message.headers, parent);
  }
}

/** A publication of which nothing is told. */
export function untouched(headers: HeaderMap | null | undefined, parent: Context): Publication {
  return { headers, context: parent, span: undefined, end: () => undefined };
}

function isSame(a: SpanContext, b: SpanContext | undefined): boolean {
  return b !== undefined && isSpanContextValid(b) && a.traceId === b.traceId && a.spanId === b.spanId;
}

/** A span that somebody made by hand for this very message, and whose context they put on it. */
function isProducer(span: Span | undefined): boolean {
  // An SDK's span; one that is not recorded has neither.
  const { kind, attributes } = (span ?? {}) as { kind?: SpanKind; attributes?: Record<string, unknown> };
  return kind === SpanKind.PRODUCER || attributes?.['sentry.op'] === 'queue.publish';
}
