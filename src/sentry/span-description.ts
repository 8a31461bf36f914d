import { type AttributeValue, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Client, StreamedSpanJSON } from '@sentry/core';
import type { ReadableSpan } from '../opentelemetry/sdk-interfaces.ts';
import { sentryOnlyAttributes } from './core-spans.ts';
import { describeQueueSpan } from './queue-spans.ts';
import { describeSpan } from './semantic-conventions.ts';
import { localRootOf, sentryTraceData } from './trace-data.ts';

/**
 * Adds to the JSON of a span what Sentry wants to read and OpenTelemetry's conventions say in other words. Only the
 * JSON is changed: the span goes to other exporters as it is.
 */
class SpanDescription {
  // `captureSpan` tells its listeners the JSON and not the span; it runs synchronously.
  #current: ReadableSpan | undefined;

  installOn(client: Client): void {
    client.on('preprocessSpan', (json) => {
      if (this.#current !== undefined) describe(json, this.#current);
    });
  }

  /** Runs `capture` for a span that `preprocessSpan` is about to be emitted for. */
  during(span: ReadableSpan, capture: () => void): void {
    this.#current = span;
    try {
      capture();
    } finally {
      this.#current = undefined;
    }
  }
}

export const describeSentrySpan = new SpanDescription();

const DEFAULT_ORIGIN = 'auto.otel';

/** Adds Sentry's words to the JSON of one span. */
export function describe(json: StreamedSpanJSON, span: ReadableSpan): void {
  const attributes: Record<string, unknown> = { ...json.attributes, ...sentryOnlyAttributes(span) };
  json.attributes = attributes as NonNullable<StreamedSpanJSON['attributes']>;
  const description = describeSpan(span.name, span.attributes, span.kind);
  if (attributes['sentry.source'] === undefined) json.name = description.name;

  const add = (key: string, value: AttributeValue | undefined) => {
    if (value !== undefined && attributes[key] === undefined) attributes[key] = value;
  };
  add('sentry.op', description.op);
  add('sentry.origin', DEFAULT_ORIGIN);
  add('sentry.kind', span.kind === SpanKind.INTERNAL ? undefined : SpanKind[span.kind]?.toLowerCase());
  add('service.name', text(span.resource.attributes['service.name']));
  if (json.is_segment) {
    add('sentry.segment.name.source', description.source);
    if (attributes['sentry.segment.name'] === span.name) attributes['sentry.segment.name'] = json.name;
  } else {
    // The server span gets its route when it ends, after its children.
    const name = localRootOf(span.spanContext())?.segmentName();
    if (name !== undefined) attributes['sentry.segment.name'] = name;
  }
  if (span.status.code === SpanStatusCode.UNSET && isServerError(span)) json.status = 'error';
  restoreLinkDecisions(json, span);
  filterUrl(attributes);
  describeQueueSpan(json, attributes);
}

/** The convention leaves a server's 4xx unset and makes 5xx an error; not every instrumentation sets it. */
function isServerError(span: ReadableSpan): boolean {
  const status = span.attributes['http.response.status_code'] ?? span.attributes['http.status_code'];
  return typeof status === 'number' && status >= 500;
}

/** A link tells Sentry whether the other span is in Sentry: Sentry's decision, not OpenTelemetry's flag. */
function restoreLinkDecisions(json: StreamedSpanJSON, span: ReadableSpan): void {
  json.links?.forEach((link, index) => {
    const sampled = sentryTraceData(span.links[index]?.context)?.sampled;
    if (sampled !== undefined) link.sampled = sampled;
  });
}

/** Keys whose value is replaced in a query string: OpenTelemetry records queries raw. */
const SECRET_KEY =
  /auth|token|secret|passw|pwd|session|credential|signature|api[-_.]?key|private|jwt|csrf|sid$/i;

function filterUrl(attributes: Record<string, unknown>): void {
  for (const key of ['url.query', 'url.full', 'http.url', 'http.target']) {
    const value = attributes[key];
    if (typeof value === 'string') attributes[key] = withoutSecrets(value, key === 'url.query');
  }
}

function withoutSecrets(value: string, isQuery: boolean): string {
  const start = isQuery ? 0 : value.indexOf('?') + 1;
  if (start === 0 && !isQuery) return value;
  const query = value
    .slice(start)
    .replace(/([^&=#]+)=([^&#]*)/g, (pair, name: string) =>
      SECRET_KEY.test(name) ? `${name}=[Filtered]` : pair,
    );
  return value.slice(0, start) + query;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
