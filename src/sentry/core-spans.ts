import {
  type Attributes,
  type AttributeValue,
  type Context,
  context,
  createContextKey,
  type HrTime,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Client, Scope, Span as SentrySpan } from '@sentry/core';
import { spanJson } from './generation.ts';
import { queueStandIn, withinProcessing } from './queue-stand-ins.ts';
import { contextOfScope } from './scopes.ts';
import { core } from './sdk.ts';
import { localParent, sentrySampled } from './trace-data.ts';

/**
 * Makes `Sentry.startSpan` spans part of OpenTelemetry's trace. Sentry 11 creates spans of its own class; each gets
 * an OpenTelemetry span as its mirror: same ids, active in OpenTelemetry's context, sampled by OpenTelemetry's
 * sampler, ended together. The mirror is what is exported, to Sentry and to OTLP; Sentry's own object stays what the
 * application holds.
 */
type SpanJson = ReturnType<typeof spanJson>;

/** From what Sentry's API holds to OpenTelemetry's span. */
const mirrors = new WeakMap<SentrySpan, Span>();
/** The other way: only for spans that Sentry's API made. */
const mirrored = new WeakMap<object, SentrySpan>();
const sentryOnly = new WeakMap<object, Attributes>();

/** Marks the context of a span that starts a segment of its own below a local parent (`forceTransaction`). */
export const FORCED_SEGMENT = createContextKey('acme.otel-sentry.forced-segment');

/** The OpenTelemetry span for a span of Sentry's API: its mirror, or itself. */
export function openTelemetrySpan(span: SentrySpan | Span): Span {
  // Both are spans by OpenTelemetry's interface; Sentry's type leaves out what nothing here calls.
  return mirrors.get(span as SentrySpan) ?? (span as Span);
}

/** Notes that Sentry's API sees `view` where OpenTelemetry has `span`. */
export function standsFor(view: Span, span: Span): void {
  // As above.
  mirrors.set(view as unknown as SentrySpan, span);
}

/** The span of Sentry's API that an OpenTelemetry span mirrors. */
export function mirroredSpan(span: object): SentrySpan | undefined {
  return mirrored.get(span);
}

/** `sentry.*` attributes of a mirrored span, which no other backend is to see. */
export function sentryOnlyAttributes(span: object): Attributes | undefined {
  return sentryOnly.get(span);
}

/**
 * Stands in for the parent while Sentry creates a span. It says that it is sampled, so that Sentry makes a span that
 * records; whether the span goes anywhere is decided by the sampler, for the mirror.
 */
class ParentPlaceholder {
  readonly context: Context;
  /** Sentry's own field for the root of a span; copied to the child. */
  _sentryRootSpan: unknown;

  constructor(parentContext: Context) {
    this.context = parentContext;
  }

  spanContext(): SpanContext {
    const parent = trace.getSpanContext(this.context);
    return {
      traceId: parent?.traceId ?? core.generateTraceId(),
      // Without a parent there is no parent id; Sentry then leaves it out.
      spanId: parent?.spanId ?? '',
      traceFlags: TraceFlags.SAMPLED,
    };
  }

  isRecording(): boolean {
    return false;
  }
}

/** Of the span that Sentry is about to create. */
let placeholder: ParentPlaceholder | undefined;

/**
 * For Sentry 10, which doesn't announce the spans it creates: tells `create` the parent to name, or `null` where there
 * is none in this process though the span is wanted below one only.
 */
export function createBelow(
  { parentSpan, onlyIfParent = false }: { parentSpan?: SentrySpan | null; onlyIfParent?: boolean },
  base: Context,
  create: (parent: SentrySpan | null) => SentrySpan,
): SentrySpan {
  const parent = parentSpan ? trace.setSpan(base, openTelemetrySpan(parentSpan)) : base;
  const context = parentSpan === null ? withoutLocalSpan(base) : parent;
  if (onlyIfParent && localParent(context) === undefined) return create(null);
  placeholder = new ParentPlaceholder(withinProcessing(context));
  try {
    return create(placeholder as unknown as SentrySpan); // as in prepareSpanScope
  } finally {
    placeholder = undefined;
  }
}

export function mirrorCoreSpans(client: Client): void {
  client.on('prepareSpanScope', (preparation) => {
    // Without a sample rate Sentry makes no spans, only placeholders that belong to the scope's trace.
    if (!core.hasSpansEnabled(client.getOptions())) return;
    const parent = parentContext(preparation.parentSpan, preparation.scope);
    placeholder = new ParentPlaceholder(withinProcessing(parent));
    // It has what Sentry reads of a parent: a span context, the root and whether it records.
    preparation.parentSpan = placeholder as unknown as SentrySpan;
  });

  client.on('spanStart', (span) => {
    const parent = placeholder;
    placeholder = undefined;
    if (parent === undefined) return;
    const root = rootOf(parent.context);
    const isSegment = root === undefined || core.getRootSpan(span) === span;
    parent._sentryRootSpan = isSegment ? span : root;
    // A span that Sentry suppressed or dropped is none of its recording class, and has no mirror.
    if (!core.spanIsSentrySpan(span)) return;
    const base = isSegment ? parent.context.setValue(FORCED_SEGMENT, true) : parent.context;
    const json = spanJson(span);
    const counterpart = standInFor(span, json, parent.context) ?? startMirror(span, json, base);
    if (client.getOptions().traceLifecycle === 'static' && isSegment) belongsTo(counterpart, span, parent);
  });

  client.on('spanEnd', (span) => {
    const mirror = mirrors.get(span);
    if (mirror === undefined) return;
    if (mirrored.get(mirror) === span) endMirror(span, mirror);
    else if (mirror.isRecording()) addDescription(span, mirror);
  });
}

/** The context that holds the parent: an explicit one, else what the scope that the span starts in belongs to. */
function parentContext(parent: SentrySpan | undefined, scope: Scope): Context {
  const active = context.active();
  if (parent !== undefined) return trace.setSpan(active, openTelemetrySpan(parent));
  return withoutLocalSpan(contextOfScope(scope) ?? active);
}

/** `parentSpan: null` and an empty scope leave only a parent that came in from outside. */
function withoutLocalSpan(base: Context): Context {
  return trace.getSpanContext(base)?.isRemote === true ? base : trace.deleteSpan(base);
}

function rootOf(parent: Context): unknown {
  const span = localParent(parent);
  if (span === undefined) return undefined;
  const root = core.getRootSpan(span as unknown as SentrySpan);
  return mirrored.get(root) ?? root;
}

/** A root span of Sentry's class would become a transaction, beside the one its mirror is part of. */
function belongsTo(mirror: Span, span: SentrySpan, parent: ParentPlaceholder): void {
  parent._sentryRootSpan = mirror;
  Object.defineProperty(span, '_sentryRootSpan', { value: mirror, writable: true, configurable: true });
}

function startMirror(span: SentrySpan, json: SpanJson, parent: Context): Span {
  const isProducer = json.attributes?.['sentry.op'] === 'queue.publish';
  const mirror = trace.getTracer('@sentry/node').startSpan(
    json.name,
    {
      // Whose context is found on a message tells our instrumentations that it has its span.
      kind: isProducer ? SpanKind.PRODUCER : SpanKind.INTERNAL,
      startTime: hrTime(json.start_timestamp),
      attributes: splitAttributes(json.attributes).shared,
    },
    parent,
  );
  identify(span, mirror);
  mirrored.set(mirror, span);
  return mirror;
}

/** A span that takes the place of a mirror; undefined: it gets one of its own. */
function standInFor(span: SentrySpan, { attributes }: SpanJson, parent: Context): Span | undefined {
  // Sentry's attribute values are OpenTelemetry's, in a wider type.
  const standIn = queueStandIn((attributes ?? {}) as Attributes, parent);
  if (standIn !== undefined) identify(span, standIn);
  return standIn;
}

/** Sentry's span has the identity of OpenTelemetry's from now on. */
function identify(span: SentrySpan, counterpart: Span): void {
  mirrors.set(span, counterpart);
  // Errors, logs and children read the ids from here; the flag is Sentry's decision, as everywhere in Sentry's API.
  const seen: SpanContext = {
    ...counterpart.spanContext(),
    traceFlags: sentrySampled(counterpart) ? TraceFlags.SAMPLED : TraceFlags.NONE,
  };
  span.spanContext = () => seen;
}

/** What a span said of a message that is another span's to tell. */
function addDescription(span: SentrySpan, counterpart: Span): void {
  const json = spanJson(span);
  // An SDK's span, since it records.
  const known = (counterpart as Span & { readonly attributes?: Attributes }).attributes ?? {};
  for (const [key, value] of Object.entries(splitAttributes(json.attributes).shared)) {
    if (value !== undefined && known[key] === undefined) counterpart.setAttribute(key, value);
  }
  copyError(json, counterpart);
}

function endMirror(span: SentrySpan, mirror: Span): void {
  const json = spanJson(span);
  const { shared, sentry } = splitAttributes(json.attributes);
  mirror.setAttributes(shared);
  sentryOnly.set(mirror, sentry);
  for (const link of linksOf(json)) mirror.addLink(link);
  mirror.updateName(json.name);
  copyError(json, mirror);
  mirror.end(hrTime(json.end_timestamp ?? json.start_timestamp));
}

function copyError({ status, attributes }: SpanJson, to: Span): void {
  if (status !== 'error') return;
  const message = attributes?.['sentry.status.message'];
  to.setStatus({ code: SpanStatusCode.ERROR, ...(typeof message === 'string' && { message }) });
}

/** Splits a span's attributes into those for every backend and Sentry's own. */
function splitAttributes(attributes: SpanJson['attributes']): { shared: Attributes; sentry: Attributes } {
  const shared: Attributes = {};
  const sentry: Attributes = {};
  for (const [key, value] of Object.entries(attributes ?? {})) {
    // Sentry's attribute values are OpenTelemetry's, in a wider type.
    (key.startsWith('sentry.') ? sentry : shared)[key] = value as AttributeValue;
  }
  return { shared, sentry };
}

function linksOf({ links = [] }: SpanJson): { context: SpanContext }[] {
  return links.map((link) => ({
    context: {
      traceId: link.trace_id,
      spanId: link.span_id,
      traceFlags: link.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    },
    ...(link.attributes !== undefined && { attributes: link.attributes }),
  }));
}

/** Sentry's seconds as OpenTelemetry's pair of seconds and nanoseconds. */
function hrTime(seconds: number): HrTime {
  const whole = Math.floor(seconds);
  return [whole, Math.round((seconds - whole) * 1e9)];
}
