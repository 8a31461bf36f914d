import type { Agent as HttpAgent, IncomingMessage } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { convertLegacyHttpOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { detach } from './detached-request.ts';
import type { Payload, PayloadTls } from './pending.ts';

/** URL, compression, timeout and TLS, as OpenTelemetry's exporters resolve them; headers that are there at once. */
export interface OtlpHttpConfiguration
  extends Pick<
    ReturnType<typeof convertLegacyHttpOptions>,
    'url' | 'compression' | 'timeoutMillis' | 'agentFactory'
  > {
  readonly headers: Readonly<Record<string, string>>;
}

interface Request {
  readonly body: Uint8Array;
  /** Whether the operating system has all of it and its answer is awaited. */
  written: boolean;
  takenOver: boolean;
}

interface Answer {
  /** 0 where there was none. */
  readonly status: number;
  readonly body: Uint8Array;
  readonly retryAfterMs?: number | undefined;
  readonly error?: unknown;
}

/** @see https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes; 0: no connection */
const RETRYABLE = new Set([0, 429, 502, 503, 504]);
const MAX_RETRIES = 5;
const FIRST_BACKOFF_MS = 1_000;
/** More of an answer is not read. A complete one is a few bytes, a partial success has a message. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Posts OTLP requests, one call of {@link send} each, without keeping the process alive. */
export class OtlpHttpClient {
  readonly #configuration: OtlpHttpConfiguration;
  readonly #unsettled = new Set<Request>();
  readonly #backingOff = new Set<() => void>();
  #hurried = 0;
  #agent: HttpAgent | HttpsAgent | undefined;

  constructor(configuration: OtlpHttpConfiguration) {
    this.#configuration = configuration;
    // Its certificates are for `takeOver`, which can't wait for them.
    if (configuration.url.startsWith('https:')) void this.#resolveAgent();
  }

  /**
   * Sends, and again while the answer says later and the exporter's timeout allows it.
   * @returns the answer's body.
   * @throws where the backend did not accept it.
   */
  async send(body: Uint8Array): Promise<Uint8Array> {
    const request: Request = { body, written: false, takenOver: false };
    const deadline = performance.now() + this.#configuration.timeoutMillis;
    this.#unsettled.add(request);
    try {
      for (let attempt = 0, backoffMs = FIRST_BACKOFF_MS; ; attempt++, backoffMs *= 1.5) {
        const { status, body, error, retryAfterMs } = await this.#post(request, deadline);
        if (status >= 200 && status < 300) return body;
        const waitMs = retryAfterMs ?? backoffMs * (0.8 + 0.4 * Math.random());
        const late = performance.now() + waitMs > deadline;
        const final = this.#hurried > 0 || attempt >= MAX_RETRIES || late;
        if (final || request.takenOver || !RETRYABLE.has(status)) {
          throw error ?? new Error(`OTLP export to ${this.#configuration.url} answered ${status}`);
        }
        request.written = false;
        await this.#backOff(waitMs);
      }
    } finally {
      this.#unsettled.delete(request);
    }
  }

  /** While `work` goes on, what waits to be sent again is sent at once, and nothing is sent a further time. */
  async hurry<T>(work: () => Promise<T>): Promise<T> {
    this.#hurried++;
    for (const retry of this.#backingOff) retry();
    try {
      return await work();
    } finally {
      this.#hurried--;
    }
  }

  /** The requests that {@link send} is busy with and that the operating system doesn't have yet. */
  takeOver(): Payload[] {
    const requests = [...this.#unsettled].filter(({ written, takenOver }) => !written && !takenOver);
    return requests.map((request) => {
      request.takenOver = true;
      return this.payload(request.body);
    });
  }

  payload(body: Uint8Array): Payload {
    const { url, compression, headers } = this.#configuration;
    return {
      url,
      headers: { ...headers, ...(compression === 'gzip' && { 'Content-Encoding': 'gzip' }) },
      body: compression === 'gzip' ? gzipSync(body) : body,
      ...(this.#agent !== undefined && { tls: tlsOf(this.#agent) }),
    };
  }

  /** Never rejects. */
  async #post(request: Request, deadline: number): Promise<Answer> {
    try {
      const { url, compression } = this.#configuration;
      const body = compression === 'gzip' ? await promisify(gzip)(request.body) : request.body;
      const headers = {
        ...this.#configuration.headers,
        'Content-Length': body.byteLength,
        ...(compression === 'gzip' && { 'Content-Encoding': 'gzip' }),
      };
      const agent = await this.#resolveAgent();
      const http = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
      const signal = AbortSignal.timeout(Math.max(1, Math.ceil(deadline - performance.now())));
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      // Nothing of the application's context: no spans of telemetry's own requests, nothing held by a kept socket.
      context.with(suppressTracing(ROOT_CONTEXT), () => {
        const made = http.request(url, { method: 'POST', headers, agent, signal }, resolve);
        made.once('error', reject);
        detach(made, () => {
          request.written = true;
        }).end(body);
      });
      return await readAnswer(await promise);
    } catch (error) {
      return { status: 0, body: new Uint8Array(), error };
    }
  }

  async #backOff(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms).unref();
    this.#backingOff.add(resolve);
    await promise;
    clearTimeout(timer);
    this.#backingOff.delete(resolve);
  }

  async #resolveAgent(): Promise<HttpAgent | HttpsAgent> {
    this.#agent ??= await this.#configuration.agentFactory(new URL(this.#configuration.url).protocol);
    return this.#agent;
  }
}

function tlsOf(agent: HttpAgent | HttpsAgent): PayloadTls {
  // @types/node declares `options` for https alone. Where the exporter's factory set them, they are PEM.
  const { ca, cert, key } = (agent as Partial<HttpsAgent>).options as PayloadTls;
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) break; // ends the response
  }
  const { statusCode: status = 0, headers } = response;
  return { status, body: Buffer.concat(chunks), retryAfterMs: retryAfter(headers['retry-after']) };
}

/** Seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#name-retry-after */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
