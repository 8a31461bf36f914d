import {
  type Baggage,
  type Context,
  isSpanContextValid,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { messageHeaders } from '../../propagators/carrier.ts';
import { readForeign } from '../../propagators/foreign/index.ts';
import type { HeaderMap } from './message.ts';
import { countInternalError } from './runtime.ts';

/** The context in which a message was created: what its headers say, and nothing of what happens to be active here. */
export interface CreationContext {
  readonly context: Context;
  /** Undefined where the headers name no valid span. */
  readonly spanContext: SpanContext | undefined;
}

const NONE: CreationContext = { context: ROOT_CONTEXT, spanContext: undefined };

/**
 * Reads a message's headers with the global propagator and, where it finds no span, in the formats of other tracing
 * systems. Never throws: a propagator that does not bear with the headers counts as one that found nothing.
 */
export function creationContext(headers: HeaderMap | null | undefined): CreationContext {
  if (headers === null || headers === undefined) return NONE;
  try {
    return readContext(headers);
  } catch {
    countInternalError();
    return NONE;
  }
}

const OWN_FORMATS = ['traceparent', 'sentry-trace'];

function readContext(headers: HeaderMap): CreationContext {
  const context = propagation.extract(ROOT_CONTEXT, headers, messageHeaders);
  const read = trace.getSpanContext(context);
  if (read !== undefined && isSpanContextValid(read)) return { context, spanContext: read };
  // What they say was read and refused: malformed, or of another organisation. Nothing else may continue that trace.
  if (OWN_FORMATS.some((field) => messageHeaders.get(headers, field) !== undefined)) {
    return { context, spanContext: undefined };
  }
  const foreign = readForeign(headers, messageHeaders);
  if (foreign === undefined) return { context, spanContext: undefined };
  return { context: trace.setSpanContext(context, foreign), spanContext: foreign };
}

/** What a consumer's span is started with. */
export interface Continuation {
  readonly parent: Context;
  readonly links: Link[];
}

/**
 * The conventions' choice between parent and link for a single message: its creation context is the parent, unless
 * the message is older than the maximum age; then its trace is over, and the new one links it. Baggage goes on
 * either way.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#consumer-spans
 */
export function continueFrom({ context, spanContext }: CreationContext, isTooOld: boolean): Continuation {
  if (spanContext === undefined || !isTooOld) return { parent: context, links: [] };
  return {
    parent: withBaggage(ROOT_CONTEXT, propagation.getBaggage(context)),
    links: [{ context: spanContext }],
  };
}

/** A reply goes on in its requester's context and links the replier's. */
export function resumeRequester(requester: Context, { context, spanContext }: CreationContext): Continuation {
  const baggage = propagation.getBaggage(context) ?? propagation.getBaggage(requester);
  return {
    parent: withBaggage(requester, baggage),
    links: spanContext === undefined ? [] : [{ context: spanContext }],
  };
}

function withBaggage(context: Context, baggage: Baggage | undefined): Context {
  return baggage === undefined ? context : propagation.setBaggage(context, baggage);
}

/** Links to the different contexts that a batch's messages were created in. */
export function linksOfBatch(created: readonly CreationContext[]): Link[] {
  const links = new Map<string, Link>();
  for (const { spanContext } of created) {
    if (spanContext === undefined) continue;
    links.set(`${spanContext.traceId}${spanContext.spanId}`, { context: spanContext });
  }
  return [...links.values()];
}
