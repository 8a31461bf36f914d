/** What each path of the sink takes and answers, without the sockets. */

import type { IncomingHttpHeaders } from 'node:http';
import { decompress } from './body.ts';
import { DecodeError } from './json.ts';
import { type Backend, noTelemetry, type Telemetry } from './model.ts';
import { decodeExportRequest, type Encoding, type Signal } from './otlp.ts';
import { encodeStatus } from './protobuf.ts';
import { decodeEnvelope } from './sentry.ts';

export type Route =
  | { readonly protocol: 'envelope'; readonly source: 'sentry' }
  | { readonly protocol: 'otlp'; readonly signal: Signal; readonly source: Backend };

export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export interface Ingested {
  readonly telemetry: Telemetry;
  readonly reply: Reply;
  /** Bytes that had to be decoded. */
  readonly size: number;
}

/** A request without its socket. `path` includes the query. */
export interface SinkPost {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

const ROUTES: readonly (readonly [pattern: RegExp, route: (signal: Signal) => Route])[] = [
  [/^\/api\/\d+\/envelope\/?$/, () => ({ protocol: 'envelope', source: 'sentry' })],
  // https://docs.sentry.io/concepts/otlp/ : Sentry takes traces and logs, no metrics.
  [
    /^\/api\/\d+\/integration\/otlp\/v1\/(traces|logs)\/?$/,
    (signal) => ({ protocol: 'otlp', signal, source: 'sentry' }),
  ],
  [/^\/v1\/(traces|logs|metrics)$/, (signal) => ({ protocol: 'otlp', signal, source: 'otlp' })],
];

/** The route of a request, or undefined where it isn't one that an SDK sends. */
export function routeOf({ method, path }: SinkPost): Route | undefined {
  if (method !== 'POST') return undefined;
  const [pathname = ''] = path.split('?', 1);
  for (const [pattern, route] of ROUTES) {
    const match = pattern.exec(pathname);
    if (match) return route(match[1] as Signal); // the patterns name signals only
  }
  return undefined;
}

/** Decodes a body and says what to answer. Never throws: whatever is wrong with the body is in `invalid`. */
export async function ingest(post: SinkPost, route: Route, wire: Buffer): Promise<Ingested> {
  try {
    const body = await decompress(wire, post.headers['content-encoding']);
    const telemetry = decode(post, route, body);
    return { telemetry, reply: success(post, route), size: body.length };
  } catch (error) {
    return { ...rejected(post, error, wire), size: wire.length };
  }
}

/** The answer to a body that can't be taken, and its record. */
export function rejected(post: SinkPost, error: unknown, raw: unknown): Omit<Ingested, 'size'> {
  const telemetry = noTelemetry();
  const expected = error instanceof DecodeError;
  const reason = expected
    ? error.message
    : `the sink itself failed: ${error instanceof Error ? error.stack : error}`;
  telemetry.invalid.push({ where: `${post.method} ${post.path}`, reason, raw });
  return { telemetry, reply: failure(post, expected ? error.status : 500, reason) };
}

function decode(post: SinkPost, route: Route, body: Buffer): Telemetry {
  if (route.source === 'sentry') requireSentryKey(post);
  return route.protocol === 'envelope'
    ? decodeEnvelope(body)
    : decodeExportRequest(body, route.signal, encodingOf(post), route.source);
}

/**
 * Sentry answers 403 to data without the project's public key, which SDKs send in the query or in a header.
 * https://develop.sentry.dev/sdk/foundations/transport/authentication/
 */
function requireSentryKey({ path, headers }: SinkPost): void {
  const inQuery = new URLSearchParams(path.split('?')[1]).has('sentry_key');
  const inHeader = /\bsentry_key=\w/.test(String(headers['x-sentry-auth']));
  if (!inQuery && !inHeader) throw new DecodeError('no sentry_key in query or header', 403);
}

function success(post: SinkPost, route: Route): Reply {
  // An export response without partial_success has no fields: no bytes in protobuf, {} in JSON.
  if (route.protocol === 'otlp' && isProtobuf(post)) return reply(200, PROTOBUF_TYPE, Buffer.alloc(0));
  return reply(200, JSON_TYPE, Buffer.from('{}'));
}

/** OTLP wants errors as `google.rpc.Status` in the request's encoding; Sentry answers `{ detail }`. */
function failure(post: SinkPost, status: number, reason: string): Reply {
  if (isProtobuf(post)) return reply(status, PROTOBUF_TYPE, encodeStatus(reason));
  return reply(status, JSON_TYPE, Buffer.from(JSON.stringify({ message: reason, detail: reason })));
}

function reply(status: number, contentType: string, body: Buffer): Reply {
  return { status, headers: { 'content-type': contentType }, body };
}

function isProtobuf({ headers }: SinkPost): boolean {
  return mediaType(headers) === PROTOBUF_TYPE;
}

function mediaType(headers: IncomingHttpHeaders): string | undefined {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
}

function encodingOf(post: SinkPost): Encoding {
  if (isProtobuf(post)) return 'protobuf';
  if (mediaType(post.headers) === JSON_TYPE) return 'json';
  throw new DecodeError(`unknown content-type ${post.headers['content-type']}`, 415);
}
