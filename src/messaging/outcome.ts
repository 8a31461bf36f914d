import { type Attributes, type HrTime, type Span, SpanStatusCode, type TimeInput } from '@opentelemetry/api';
import { ATTR } from './semantic-conventions.ts';

/** How an operation on a message ended. */
export interface Outcome {
  /** What was thrown; its presence, also as undefined, makes the span fail. */
  readonly error?: unknown;
  /** A failure without an exception, such as `no_route`; also the name of the type where there is one. */
  readonly errorType?: string | undefined;
  readonly attributes?: Attributes | undefined;
  /** When it really ended, where the outcome is known only later. */
  readonly endTime?: TimeInput | HrTime | undefined;
}

/** `error.type` of what is no error. */
const OTHER = '_OTHER';

/** Ends a span with an outcome. @throws what an error's own accessors throw; the span has ended all the same. */
export function endSpan(span: Span, outcome: Outcome = {}): void {
  try {
    if (outcome.attributes !== undefined) span.setAttributes(outcome.attributes);
    const type = errorTypeOf(outcome);
    if (type === undefined) return;
    span.setAttribute(ATTR.errorType, type);
    span.setStatus({ code: SpanStatusCode.ERROR });
    const message = messageOf(outcome.error);
    if (message !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message });
    if (outcome.error instanceof Error) span.recordException(outcome.error);
  } finally {
    span.end(outcome.endTime);
  }
}

/** `error.type`: the error's class, `_OTHER` for what is no error; undefined where nothing failed. Never throws. */
export function errorTypeOf(outcome: Outcome): string | undefined {
  if (outcome.errorType !== undefined) return outcome.errorType;
  if (!('error' in outcome)) return undefined;
  const { error } = outcome;
  try {
    return error instanceof Error && error.name !== '' ? String(error.name) : OTHER;
  } catch {
    // A proxy, or a name whose accessor throws.
    return OTHER;
  }
}

function messageOf(error: unknown): string | undefined {
  if (error instanceof Error) return String(error.message);
  // Never an object's own toString, which may throw.
  return typeof error === 'string' ? error : undefined;
}
