import { type Attributes, type Context, context, createContextKey, type Span } from '@opentelemetry/api';
import { hrTimeToMilliseconds, timeInputToHrTime } from '@opentelemetry/core';
import type { Destination } from './message.ts';
import { record } from './metrics.ts';
import { endSpan, errorTypeOf, type Outcome } from './outcome.ts';
import { countInternalError } from './runtime.ts';
import type { Operation } from './semantic-conventions.ts';

export interface MessagingSpanOptions {
  readonly span: Span;
  /** With the span active. */
  readonly context: Context;
  readonly operation: Operation;
  readonly system: string;
  readonly destination: Destination;
  /** How many messages the span stands for. */
  readonly messages: number;
}

const CURRENT = createContextKey('acme.otel-sentry.messaging-span');

/** The span of an operation on messages: it ends exactly once, and never throws. */
export class MessagingSpan {
  readonly span: Span;
  /** With the span active. */
  readonly context: Context;
  readonly #options: MessagingSpanOptions;
  readonly #startedAt = performance.now();
  #ended = false;

  constructor(options: MessagingSpanOptions) {
    this.#options = options;
    this.span = options.span;
    this.context = options.context.setValue(CURRENT, this);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get operation(): Operation {
    return this.#options.operation;
  }

  get system(): string {
    return this.#options.system;
  }

  get messages(): number {
    return this.#options.messages;
  }

  /** Calls after the first do nothing. */
  end(outcome: Outcome = {}): void {
    if (this.#ended) return;
    this.#ended = true;
    try {
      endSpan(this.span, outcome);
    } catch {
      countInternalError();
    }
    try {
      const { operation, system, destination, messages } = this.#options;
      const duration = this.#durationUntil(outcome.endTime);
      record({ operation, system, destination, messages, duration, errorType: errorTypeOf(outcome) });
    } catch {
      countInternalError();
    }
  }

  #durationUntil(endTime: Outcome['endTime']): number {
    if (endTime === undefined) return performance.now() - this.#startedAt;
    const endedAt = hrTimeToMilliseconds(timeInputToHrTime(endTime)) - performance.timeOrigin;
    return Math.max(0, endedAt - this.#startedAt);
  }
}

/** Describes a span that is recorded. What fails while attributes are made is counted, and the span goes on without. */
export function describeSpan(span: Span, attributes: () => Attributes): void {
  if (!span.isRecording()) return;
  try {
    span.setAttributes(attributes());
  } catch {
    countInternalError();
  }
}

/** The operation on messages that is going on in a context, whichever bundle of this package started it. */
export function messagingSpanIn(from: Context = context.active()): MessagingSpan | undefined {
  // The key is ours; nothing else writes under it.
  return from.getValue(CURRENT) as MessagingSpan | undefined;
}
