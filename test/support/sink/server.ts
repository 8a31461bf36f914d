/** A stand-in for Sentry and an OpenTelemetry collector on loopback: it decodes what they would get. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody } from './body.ts';
import { type Filter, filtered } from './filter.ts';
import { ingest, type Reply, type Route, rejected, routeOf, type SinkPost } from './ingest.ts';
import { DecodeError } from './json.ts';
import { noTelemetry, type SinkError, type SinkRequest, type SinkSpan, type Telemetry } from './model.ts';
import { TelemetryStore } from './store.ts';
import { Waiters, type WaitOptions } from './wait.ts';

/** `hang` takes requests and never answers; a status refuses them. Neither decodes them: nothing has arrived then. */
export type SinkBehaviour =
  | 'answer'
  | 'hang'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> };

export interface SinkOptions {
  /** A free port unless told. */
  readonly port?: number;
  /** The address it listens on; loopback unless told, which containers can't reach. */
  readonly host?: string;
  /** What it does at first; see {@link Sink.behave}. */
  readonly mode?: SinkBehaviour;
  /** Serves every request that isn't telemetry. Without it they are answered 404 and are `invalid`. */
  readonly handle?: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
}

/** The telemetry lists are live: they grow as requests come, and lose their oldest entries beyond 64 MiB. */
export interface Sink extends Readonly<Omit<Telemetry, 'spans' | 'errors'>>, AsyncDisposable {
  readonly port: number;
  /** For `SENTRY_DSN`. */
  readonly dsn: string;
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`, with http/protobuf or http/json. */
  readonly otlpEndpoint: string;
  /** Spans of both backends. */
  spans(filter?: Filter<SinkSpan>): SinkSpan[];
  /** Sentry's errors and messages. */
  errors(filter?: Filter<SinkError>): SinkError[];
  /**
   * Resolves with the first result of `predicate` that is neither undefined nor false; it runs at once and then on
   * each arrival. Rejects after `timeout` (15 s) or on `close`, with a summary of what did arrive.
   */
  waitFor<T>(
    description: string,
    predicate: (sink: Sink) => T | undefined | false,
    options?: WaitOptions,
  ): Promise<T>;
  /** Calls `listener` with what each request brought. @returns a function that ends it. */
  onArrival(listener: (arrived: Telemetry) => void): () => void;
  /** Changes what happens to requests from now on; those that hang stay so. */
  behave(behaviour: SinkBehaviour): void;
  /** Forgets everything that arrived. */
  clear(): void;
  /** Cuts all connections, hanging ones too. */
  close(): Promise<void>;
}

/** @throws where the port is taken. */
export async function startSink({
  port = 0,
  host = '127.0.0.1',
  mode = 'answer',
  handle,
}: SinkOptions = {}): Promise<Sink> {
  const store = new TelemetryStore();
  const waiters = new Waiters(store);
  let behaviour = mode;

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const post = { method: request.method ?? '', path: request.url ?? '', headers: request.headers };
    const route = routeOf(post);
    let bytes = 0;
    let treated: Treated;
    try {
      if (route === undefined && handle !== undefined) return await handle(request, response);
      const wire = await readBody(request);
      bytes = wire?.length ?? 0;
      treated = await treat(post, route, wire, behaviour);
    } catch (error) {
      treated = refused(post, error, undefined);
    }
    treated.telemetry.requests.push({ ...post, bytes, outcome: treated.outcome });
    store.add(treated.telemetry, treated.size);
    if (treated.reply !== undefined) send(response, treated.reply);
  };

  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo; // it listens on TCP

  const close = async () => {
    waiters.failAll('the sink was closed');
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  const { spans, errors, ...lists } = store.telemetry;
  const sink: Sink = {
    ...lists,
    port: address.port,
    dsn: `http://public@127.0.0.1:${address.port}/1`,
    otlpEndpoint: `http://127.0.0.1:${address.port}`,
    spans: (filter) => filtered(spans, filter),
    errors: (filter) => filtered(errors, filter),
    waitFor: (description, predicate, options) => waiters.wait(description, () => predicate(sink), options),
    onArrival: (listener) => store.onArrival(listener),
    behave: (next) => {
      behaviour = next;
    },
    clear: () => store.clear(),
    close,
    [Symbol.asyncDispose]: close,
  };
  return sink;
}

/** What becomes of a request: what it brought, what its record says, what is answered. */
interface Treated {
  readonly telemetry: Telemetry;
  readonly size: number;
  readonly outcome: SinkRequest['outcome'];
  readonly reply: Reply | undefined;
}

async function treat(
  post: SinkPost,
  route: Route | undefined,
  wire: Buffer | undefined,
  behaviour: SinkBehaviour,
): Promise<Treated> {
  const nothing = { telemetry: noTelemetry(), size: 0, reply: undefined };
  if (wire === undefined) return { ...nothing, outcome: 'aborted' };
  if (behaviour === 'hang') return { ...nothing, outcome: 'hung' };
  if (behaviour !== 'answer') {
    const { status, headers } = behaviour;
    return { ...nothing, outcome: status, reply: { status, headers: { ...headers }, body: Buffer.alloc(0) } };
  }
  if (route === undefined) return refused(post, new DecodeError('no such endpoint', 404), wire);
  const { telemetry, reply, size } = await ingest(post, route, wire);
  return { telemetry, size, outcome: reply.status, reply };
}

function refused(post: SinkPost, error: unknown, raw: unknown): Treated {
  const { telemetry, reply } = rejected(post, error, raw);
  return { telemetry, size: 0, outcome: reply.status, reply };
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, headers).end(body);
}
