import { type Context, propagation, type SpanContext } from '@opentelemetry/api';
import { messageHeaders } from '../../propagators/carrier.ts';
import { creationContext } from './creation-context.ts';
import type { HeaderMap } from './message.ts';
import { countInternalError } from './runtime.ts';

/** Seconds since the epoch, as text: when the message was put into the queue. Sentry's SDKs read and write it. */
export const ENQUEUED_TIME = 'sentry-task-enqueued-time';

const SENTRY_TRACE = 'sentry-trace';
/** Merged by the propagator, not replaced: it carries members of others. */
const BAGGAGE = 'baggage';

const KEEP = Symbol.for('@acme/otel-sentry.keep-trace-context');

/**
 * Marks headers whose trace context the application put there on purpose: the message keeps it, and the span that
 * sends the message links it. Without the mark, context on a message about to be sent is taken for what an earlier
 * delivery left there, and replaced.
 *
 * @param headers of one message. They are not changed.
 * @returns a marked copy; the mark survives further copies by spread and never reaches the wire.
 */
export function keepTraceContext<Headers extends object>(headers: Headers): Headers {
  return { ...headers, [KEEP]: true };
}

/** The application's headers with what stood there of propagation told apart. */
export interface OutgoingHeaders {
  /** A copy to write to. */
  readonly headers: Record<string, unknown>;
  /** The valid trace context that stood on it. */
  readonly found: SpanContext | undefined;
  /** Whether that context is to stay on the message. */
  readonly keep: boolean;
}

/** A copy of a message's headers without stale trace context, and that context. The application's object stays as is. */
export function prepareHeaders(headers: HeaderMap | null | undefined): OutgoingHeaders {
  if (headers === null || headers === undefined) return { headers: {}, found: undefined, keep: false };
  const marked = (headers as { [KEEP]?: unknown })[KEEP] === true; // a symbol of our own
  const copy: Record<string, unknown> = { ...headers };
  const fields = staleFields();
  const stale = Object.keys(copy).filter((key) => fields.has(key.toLowerCase()));
  if (stale.length === 0 && !marked) return { headers: copy, found: undefined, keep: false };
  const found = creationContext(headers).spanContext;
  const keep = marked && found !== undefined;
  if (!keep) for (const key of stale) delete copy[key];
  return { headers: copy, found, keep };
}

let fields: ReadonlySet<string> = new Set();
let fieldsOf: readonly string[] = [];

/** What the global propagator writes, which may be set after us. */
function staleFields(): ReadonlySet<string> {
  const now = propagation.fields();
  if (now.length !== fieldsOf.length || now.some((field, index) => field !== fieldsOf[index])) {
    fieldsOf = now;
    // Without a propagator, headers stay as they are.
    fields = new Set(now.length === 0 ? [] : [...now.filter((field) => field !== BAGGAGE), ENQUEUED_TIME]);
  }
  return fields;
}

/** Writes a context into headers of our own, and the time where Sentry's header is written. Never throws. */
export function injectContext(context: Context, headers: Record<string, unknown>): void {
  try {
    propagation.inject(context, headers, messageHeaders);
    const isWritten = Object.hasOwn(headers, SENTRY_TRACE) && staleFields().has(SENTRY_TRACE);
    if (isWritten) headers[ENQUEUED_TIME] = String(Date.now() / 1000);
  } catch {
    // A propagator of others.
    countInternalError();
  }
}

/** The bytes of a message's headers, names included; what is neither text nor bytes counts as eight. */
export function sizeOfHeaders(headers: HeaderMap | null | undefined): number {
  if (headers === null || headers === undefined) return 0;
  let size = 0;
  for (const [key, value] of Object.entries(headers)) {
    size += key.length;
    if (Array.isArray(value)) for (const item of value) size += sizeOf(item);
    else size += sizeOf(value);
  }
  return size;
}

function sizeOf(value: unknown): number {
  // Header text is ASCII nearly always; counting its UTF-8 bytes would cost more than the difference is worth.
  if (typeof value === 'string') return value.length;
  return ArrayBuffer.isView(value) ? value.byteLength : 8;
}
