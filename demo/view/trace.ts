/** A trace as the demo shows it: what Sentry got and what OTLP got, span by span. */

import type { Attributes, Backend, Sink, SinkError, SinkSpan } from '../../test/support/sink/index.ts';

export interface Trace {
  readonly traceId: string;
  /** The order that a span of it names. */
  readonly orderId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** Milliseconds, of all spans together. */
  readonly duration: number;
  /** In the order in which the trace reached them. */
  readonly services: readonly string[];
  /** Depth first, by start. */
  readonly spans: readonly TraceSpan[];
}

/** One span id. At least one of the two backends has it. */
export interface TraceSpan {
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** Whether its parent is none of this trace's spans: it has none, or one outside the shop. */
  readonly isRoot: boolean;
  readonly depth: number;
  readonly service: string;
  readonly sentry: BackendSpan | undefined;
  readonly otlp: BackendSpan | undefined;
  readonly errors: readonly TraceError[];
  readonly logs: readonly string[];
}

/** A span as one backend got it. */
export interface BackendSpan {
  readonly name: string;
  /** Sentry's operation, OTLP's span kind. */
  readonly operation: string;
  /** Milliseconds since the start of the trace. */
  readonly offset: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly failed: boolean;
  readonly parentSpanId: string | undefined;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: Attributes;
}

export interface TraceError {
  readonly type: string;
  readonly value: string;
  readonly transaction: string | undefined;
  readonly tags: Attributes;
}

/** All traces of which something arrived, the oldest first. */
export function tracesIn(sink: Sink): readonly Trace[] {
  const spans = Map.groupBy(sink.spans(), (span) => span.traceId);
  return [...spans]
    .map(([traceId, ofTrace]) => traceOf(traceId, ofTrace, sink))
    .toSorted((a, b) => a.startTime - b.startTime);
}

/** The trace of the order with that id, as soon as a span says so. */
export function traceOfOrder(sink: Sink, orderId: string): Trace | undefined {
  const [span] = sink.spans({ attributes: { 'order.id': orderId } });
  return span && traceOf(span.traceId, sink.spans({ traceId: span.traceId }), sink);
}

function traceOf(traceId: string, spans: readonly SinkSpan[], sink: Sink): Trace {
  const startTime = Math.min(...spans.map((span) => span.startTime));
  const endTime = Math.max(...spans.map((span) => span.endTime));
  const bySpanId = Map.groupBy(spans, (span) => span.spanId);
  const errors = sink.errors({ traceId });
  const logs = sink.logs.filter((log) => log.traceId === traceId && log.source === 'sentry');

  const inOrder = depthFirst(bySpanId).map(({ spanId, depth }): TraceSpan => {
    const copies = bySpanId.get(spanId) ?? [];
    const side = (source: Backend) => {
      const copy = copies.find((span) => span.source === source);
      return copy && backendSpan(copy, startTime);
    };
    const [any] = copies;
    return {
      spanId,
      parentSpanId: any?.parentSpanId,
      isRoot: depth === 0,
      depth,
      service: any?.service ?? '(no service)',
      sentry: side('sentry'),
      otlp: side('otlp'),
      errors: errors.filter((error) => error.spanId === spanId).map(traceError),
      logs: logs.filter((log) => log.spanId === spanId).map((log) => String(log.body)),
    };
  });
  const orderId = spans.find((span) => span.attributes['order.id'] !== undefined)?.attributes['order.id'];
  return {
    traceId,
    orderId: typeof orderId === 'string' ? orderId : undefined,
    startTime,
    duration: endTime - startTime,
    services: [...new Set(inOrder.map((span) => span.service))],
    spans: inOrder,
  };
}

/** Span ids with their depth: each after its parent, siblings by start; what has no parent here is a root. */
function depthFirst(
  spans: ReadonlyMap<string, readonly SinkSpan[]>,
): readonly { spanId: string; depth: number }[] {
  const firsts = [...spans.values()].flatMap(([first]) => first ?? []);
  const children = Map.groupBy(
    firsts.toSorted((a, b) => a.startTime - b.startTime),
    ({ parentSpanId }) => (parentSpanId !== undefined && spans.has(parentSpanId) ? parentSpanId : undefined),
  );
  const below = (parent: string | undefined, depth: number): { spanId: string; depth: number }[] =>
    (children.get(parent) ?? []).flatMap(({ spanId }) => [{ spanId, depth }, ...below(spanId, depth + 1)]);
  return below(undefined, 0);
}

function backendSpan(span: SinkSpan, traceStart: number): BackendSpan {
  const op = span.attributes['sentry.op'];
  return {
    name: span.name,
    operation: span.source === 'sentry' && typeof op === 'string' ? op : (span.kind ?? ''),
    offset: span.startTime - traceStart,
    duration: span.endTime - span.startTime,
    failed: span.status === 'error',
    parentSpanId: span.parentSpanId,
    links: span.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
    attributes: span.attributes,
  };
}

function traceError(error: SinkError): TraceError {
  return {
    type: error.type ?? 'message',
    value: error.value ?? '',
    transaction: error.transaction,
    tags: error.tags,
  };
}
