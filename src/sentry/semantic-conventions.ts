import { type Attributes, type AttributeValue, SpanKind } from '@opentelemetry/api';

/** Where a span's name comes from, in Sentry's words; `url` names are too many to group by. */
export type NameSource = 'custom' | 'url' | 'route' | 'task';

export interface SentryDescription {
  /** Sentry's operation, such as `http.server`, `db` or `queue.process`. */
  readonly op: string | undefined;
  readonly name: string;
  readonly source: NameSource;
}

/**
 * Sentry's op, name and name source for a span that follows OpenTelemetry's semantic conventions, stable names
 * first, then the names they replaced.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/
 * @see https://develop.sentry.dev/sdk/telemetry/traces/span-operations/
 */
export function describeSpan(name: string, attributes: Attributes, kind: SpanKind): SentryDescription {
  const method = text(attributes['http.request.method'] ?? attributes['http.method']);
  if (method !== undefined) return describeHttp(name, method, attributes, kind);

  if (text(attributes['db.system.name'] ?? attributes['db.system']) !== undefined) {
    const query = text(
      attributes['db.query.summary'] ?? attributes['db.query.text'] ?? attributes['db.statement'],
    );
    return { op: isCache(attributes) ? 'cache' : 'db', name: query ?? name, source: 'task' };
  }
  if (text(attributes['messaging.system']) !== undefined) {
    return { op: messagingOp(attributes, kind), name, source: 'task' };
  }
  if (
    text(attributes['rpc.system.name'] ?? attributes['rpc.system'] ?? attributes['rpc.service']) !== undefined
  ) {
    return { op: kind === SpanKind.SERVER ? 'rpc.server' : 'rpc.client', name, source: 'route' };
  }
  if (text(attributes['graphql.operation.type']) !== undefined)
    return { op: 'graphql', name, source: 'task' };
  if (text(attributes['faas.trigger']) !== undefined) return { op: 'function', name, source: 'task' };
  return { op: frameworkOp(attributes), name, source: 'custom' };
}

function describeHttp(
  name: string,
  method: string,
  attributes: Attributes,
  kind: SpanKind,
): SentryDescription {
  const op = kind === SpanKind.SERVER ? 'http.server' : kind === SpanKind.CLIENT ? 'http.client' : 'http';
  const route = text(attributes['http.route']);
  if (route !== undefined) return { op, name: `${method} ${route}`, source: 'route' };
  if (kind === SpanKind.CLIENT) {
    const url = text(attributes['url.full'] ?? attributes['http.url']);
    // The caller sees `GET https://host/path`; the query stays out of names.
    return { op, name: url === undefined ? name : `${method} ${withoutQuery(url)}`, source: 'url' };
  }
  const path = text(attributes['url.path'] ?? attributes['http.target']);
  if (kind === SpanKind.SERVER && path !== undefined) {
    return { op, name: `${method} ${withoutQuery(path)}`, source: 'url' };
  }
  return { op, name, source: 'custom' };
}

const MESSAGING_OPS: Readonly<Record<string, string>> = {
  create: 'queue.create',
  publish: 'queue.publish',
  send: 'queue.publish',
  receive: 'queue.receive',
  poll: 'queue.receive',
  process: 'queue.process',
  deliver: 'queue.process',
  settle: 'queue.settle',
  ack: 'queue.settle',
  nack: 'queue.settle',
  reject: 'queue.settle',
};

/** @see https://develop.sentry.dev/sdk/telemetry/traces/modules/queues/ */
function messagingOp(attributes: Attributes, kind: SpanKind): string {
  const operation = text(attributes['messaging.operation.type'] ?? attributes['messaging.operation']);
  const byOperation = operation === undefined ? undefined : MESSAGING_OPS[operation];
  if (byOperation !== undefined) return byOperation;
  if (kind === SpanKind.PRODUCER) return 'queue.publish';
  if (kind === SpanKind.CONSUMER) return 'queue.process';
  return 'queue.receive';
}

const CACHE_SYSTEMS: ReadonlySet<AttributeValue | undefined> = new Set(['redis', 'valkey', 'memcached']);

function isCache(attributes: Attributes): boolean {
  return CACHE_SYSTEMS.has(attributes['db.system.name'] ?? attributes['db.system']);
}

/** Spans of a framework's middleware and handlers, such as `middleware.express` or `request_handler.hapi`. */
function frameworkOp(attributes: Attributes): string | undefined {
  for (const framework of ['express', 'fastify', 'koa', 'hapi', 'connect']) {
    const type = text(attributes[`${framework}.type`]);
    if (type !== undefined) return `${type.replaceAll('-', '_')}.${framework}`;
  }
  return undefined;
}

/** A URL or path without its query and fragment. */
export function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

function text(value: AttributeValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
