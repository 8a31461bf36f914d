import {
  type Attributes,
  type Context,
  INVALID_SPAN_CONTEXT,
  type Link,
  ROOT_CONTEXT,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import {
  type Continuation,
  continueFrom,
  creationContext,
  linksOfBatch,
  resumeRequester,
} from './creation-context.ts';
import { latencyOf } from './latency.ts';
import type { Destination, ReceivedMessage } from './message.ts';
import { describeSpan, MessagingSpan } from './messaging-span.ts';
import { type CallEnd, observe, observeReturn, runIn } from './observed.ts';
import type { Outcome } from './outcome.ts';
import { countInternalError, type HandlerErrorInfo, messagingOptions } from './runtime.ts';
import {
  ATTR,
  deliveryAttributes,
  messageAttributes,
  PROCESS,
  spanName,
  startAttributes,
} from './semantic-conventions.ts';

export interface ProcessingOptions {
  /** Other spans this one belongs with, such as the batch's. */
  readonly links?: readonly Link[] | undefined;
  /** The context of the request that this message is the reply to. */
  readonly requester?: Context | undefined;
}

/** The processing of a message or a batch: its span, its context, and what its handler's errors become. */
export class Processing {
  readonly #span: MessagingSpan;
  readonly #info: HandlerErrorInfo;
  #failure: { readonly error: unknown } | undefined;

  constructor(span: MessagingSpan, info: HandlerErrorInfo) {
    this.#span = span;
    this.#info = info;
  }

  /** With the span active; the message's baggage is in it. */
  get context(): Context {
    return this.#span.context;
  }

  get span(): MessagingSpan['span'] {
    return this.#span.span;
  }

  get ended(): boolean {
    return this.#span.ended;
  }

  /**
   * Runs the handler in the message's context. What it throws or rejects with is reported once and goes on to the
   * caller, the very same value.
   *
   * @param onEnd is told once, when the handler has returned, or when its promise is settled.
   * @param isFailure which of what the handler throws is a failure at all; by default everything is.
   * @returns what the handler returned; in a promise's place one of its kind, which waits for it.
   */
  run<Result>(
    handler: () => Result,
    onEnd: (end: CallEnd) => void,
    isFailure: (error: unknown) => boolean = () => true,
  ): Result {
    return runIn(this.context, () => observe(handler, this.#reporting(onEnd, isFailure)));
  }

  /** The same, without a look at what becomes of a promise that the handler returns. */
  runUnobserved<Result>(handler: () => Result, onEnd: (end: CallEnd) => void): Result {
    return runIn(this.context, () => observeReturn(handler, this.#reporting(onEnd)));
  }

  /** Ends the span, once; a failure of the handler is part of the outcome. Never throws. */
  end(outcome: Outcome = {}): void {
    // What the handler threw says more than what became of the message because of it.
    this.#span.end(
      this.#failure === undefined ? outcome : { ...outcome, errorType: undefined, ...this.#failure },
    );
  }

  /** Called in the handler's own context: what the handler set on Sentry's current scope is on the event. */
  #reporting(
    onEnd: (end: CallEnd) => void,
    isFailure: (error: unknown) => boolean = () => true,
  ): (end: CallEnd) => void {
    return (end) => {
      const { failure } = end;
      if (failure !== undefined && isFailure(failure.error)) {
        this.#failure = failure;
        try {
          messagingOptions().onHandlerError?.(failure.error, this.#info);
        } catch {
          countInternalError();
        }
      }
      onEnd(end);
    };
  }
}

/** Starts the processing of one message: a child of its creation context, whatever is active here. */
export function startProcessing(
  tracer: Tracer,
  message: ReceivedMessage,
  { links = [], requester }: ProcessingOptions = {},
): Processing {
  return start(tracer, message, () => {
    const latency = latencyOf(message, Date.now());
    const created = creationContext(message.headers);
    const { parent, links: own } =
      requester === undefined
        ? continueFrom(created, (latency ?? 0) > messagingOptions().maxAgeMs)
        : resumeRequester(requester, created);
    return {
      continuation: { parent, links: [...own, ...links] },
      messages: 1,
      attributes: () => ({ ...messageAttributes(message), ...deliveryAttributes(message, latency) }),
    };
  });
}

export interface ReceivedBatch {
  readonly system: string;
  readonly destination: Destination;
  readonly messages: readonly ReceivedMessage[];
  readonly attributes?: Attributes | undefined;
  readonly obsoleteAttributes?: Attributes | undefined;
}

/**
 * Starts the processing of a batch: one span with a trace of its own, linked to the contexts its messages were
 * created in; the SDK's limit of links (128) applies, and the SDK records how many it dropped. A batch of one is
 * processed as that message.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/#batch-receiving
 */
export function startBatchProcessing(tracer: Tracer, batch: ReceivedBatch): Processing {
  const [first, ...more] = batch.messages;
  const count = { [ATTR.batchCount]: batch.messages.length };
  if (first !== undefined && more.length === 0) {
    return startProcessing(tracer, {
      ...first,
      attributes: { ...first.attributes, ...batch.attributes, ...count },
      obsoleteAttributes: { ...first.obsoleteAttributes, ...batch.obsoleteAttributes },
    });
  }
  return start(tracer, batch, () => ({
    continuation: {
      parent: ROOT_CONTEXT,
      links: linksOfBatch(batch.messages.map(({ headers }) => creationContext(headers))),
    },
    messages: batch.messages.length,
    attributes: () => ({
      ...count,
      ...(messagingOptions().obsoleteAttributes && batch.obsoleteAttributes),
      ...batch.attributes,
    }),
  }));
}

interface Start {
  readonly continuation: Continuation;
  readonly messages: number;
  /** Asked for where the span is recorded. */
  readonly attributes: () => Attributes;
}

/** Where telemetry fails, the handler runs without a span. */
function start(
  tracer: Tracer,
  { system, destination }: Pick<ReceivedBatch, 'system' | 'destination'>,
  prepare: () => Start,
): Processing {
  let span = NO_SPAN;
  let parent = ROOT_CONTEXT;
  let messages = 1;
  try {
    const prepared = prepare();
    ({ messages } = prepared);
    ({ parent } = prepared.continuation);
    span = tracer.startSpan(
      spanName(PROCESS, destination),
      {
        kind: SpanKind.CONSUMER,
        attributes: startAttributes(PROCESS, system, destination),
        links: prepared.continuation.links,
      },
      parent,
    );
    describeSpan(span, prepared.attributes);
  } catch {
    countInternalError();
  }
  const context = trace.setSpan(parent, span);
  return new Processing(
    new MessagingSpan({ span, context, operation: PROCESS, system, destination, messages }),
    { system, destination: destination.template ?? destination.name },
  );
}

const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
