import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Sink, startSink } from '../../support/sink/index.ts';

type Body = NonNullable<RequestInit['body']>;

const EVENT = Buffer.from('{"event_id":"e"}\n{"type":"event"}\n{"event_id":"e","message":"hello"}');

let sink: Sink;
beforeEach(async () => {
  sink = await startSink();
});
afterEach(() => sink.close());

function post(path: string, body: Body, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${sink.otlpEndpoint}${path}`, { method: 'POST', body, headers });
}

function postEnvelope(body: Body, headers: Record<string, string> = {}): Promise<Response> {
  return post('/api/1/envelope/?sentry_key=public', body, headers);
}

describe('requests', () => {
  test.each([
    ['gzip', gzipSync(EVENT)],
    ['br', brotliCompressSync(EVENT)],
    ['deflate', deflateSync(EVENT)],
    ['zstd', zstdCompressSync(EVENT)],
  ])('are decoded from %s', async (encoding, body) => {
    expect((await postEnvelope(body, { 'content-encoding': encoding })).status).toBe(200);
    expect(sink.errors({ value: 'hello' })).toHaveLength(1);
    expect(sink.requests).toMatchObject([{ method: 'POST', bytes: body.length, outcome: 200 }]);
  });

  test('to the OTLP endpoint of Sentry count as Sentry spans', async () => {
    const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'n' };
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
    const path = '/api/1/integration/otlp/v1/traces/';
    const json = { 'content-type': 'application/json' };
    expect((await post(path, body, { ...json, 'x-sentry-auth': 'sentry sentry_key=public' })).status).toBe(
      200,
    );
    expect(sink.spans()).toMatchObject([{ source: 'sentry', format: 'otlp', name: 'n' }]);
    expect((await post(path, body, json)).status).toBe(403);
  });

  test.each<[number, string, string, Body, Record<string, string>]>([
    [400, 'an envelope that is none', '/api/1/envelope/?sentry_key=public', 'nonsense', {}],
    [
      400,
      'a body that is not gzip',
      '/api/1/envelope/?sentry_key=public',
      'x',
      { 'content-encoding': 'gzip' },
    ],
    [415, 'an unknown encoding', '/api/1/envelope/?sentry_key=public', 'x', { 'content-encoding': 'rot13' }],
    [403, 'no public key', '/api/1/envelope/', EVENT, {}],
    [404, 'an unknown path', '/v1/trace', '{}', { 'content-type': 'application/json' }],
    [415, 'an unknown content type', '/v1/traces', '{}', { 'content-type': 'text/plain' }],
    [400, 'broken protobuf', '/v1/traces', 'x', { 'content-type': 'application/x-protobuf' }],
    [400, 'broken JSON', '/v1/logs', '{', { 'content-type': 'application/json' }],
    [413, 'a body over 20 MB', '/v1/traces', Buffer.alloc(21 * 1024 * 1024), {}],
    [
      400,
      'a body over 20 MB once inflated',
      '/v1/traces',
      gzipSync(Buffer.alloc(21 * 1024 * 1024)),
      { 'content-encoding': 'gzip' },
    ],
  ])('are answered %i and recorded as invalid for %s', async (status, _, path, body, headers) => {
    expect((await post(path, body, headers)).status).toBe(status);
    expect(sink.invalid).toMatchObject([{ where: `POST ${path}` }]);
    expect(sink.invalid[0]?.reason).not.toContain('the sink itself failed');
    expect((await postEnvelope(EVENT)).status).toBe(200);
    expect(sink.errors()).toHaveLength(1);
  });

  test.each([
    ['application/x-protobuf', '', ''],
    ['application/json; charset=utf-8', '{"resourceSpans":[]}', '{}'],
  ])('of OTLP in %s are answered in the same encoding', async (contentType, body, answer) => {
    const response = await post('/v1/traces', body, { 'content-type': contentType });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(contentType.split(';')[0]);
    expect(await response.text()).toBe(answer);
    const refusal = await post('/v1/traces', '[]', { 'content-type': contentType });
    expect(refusal.headers.get('content-type')).toBe(contentType.split(';')[0]);
    expect(await refusal.text()).toContain(sink.invalid[0]?.reason);
  });

  test('that break off are recorded as aborted, not as invalid', async () => {
    const socket = connect(sink.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n123');
    const arrived = sink.waitFor('the aborted request', ({ requests }) => requests[0]?.outcome);
    setImmediate(() => socket.destroy());
    expect(await arrived).toBe('aborted');
    expect(sink.invalid).toEqual([]);
  });

  test('for other things go to the handler', async () => {
    await using page = await startSink({
      handle: (incoming, response) => {
        if (incoming.url === '/broken') throw new Error('page is broken');
        response.end(`page ${incoming.url}`);
      },
    });
    expect(await (await fetch(`${page.otlpEndpoint}/traces`)).text()).toBe('page /traces');
    expect([...page.requests, ...page.invalid]).toEqual([]);
    expect((await fetch(`${page.otlpEndpoint}/broken`)).status).toBe(500);
    expect(page.invalid[0]?.reason).toContain('page is broken');
  });
});

describe('behaviour', () => {
  test('of a status answers it, headers too, and takes nothing in', async () => {
    sink.behave({ status: 429, headers: { 'retry-after': '3' } });
    const response = await postEnvelope(EVENT);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '3']);
    expect(sink.errors()).toEqual([]);
    expect(sink.requests).toMatchObject([{ bytes: EVENT.length, outcome: 429 }]);
    sink.behave('answer');
    expect((await postEnvelope(EVENT)).status).toBe(200);
    expect(sink.errors()).toHaveLength(1);
  });

  test('of hanging never answers, and closing cuts the connection', async () => {
    sink.behave('hang');
    const answer = postEnvelope(EVENT).then(
      () => 'answered',
      () => 'cut',
    );
    await sink.waitFor('the request', ({ requests }) => requests.length === 1);
    expect(sink.requests[0]?.outcome).toBe('hung');
    await sink.close();
    expect(await answer).toBe('cut');
  });

  test('of closing does not wait for idle keep-alive connections, and may come twice', async () => {
    const call = request(sink.otlpEndpoint, { method: 'POST', headers: { connection: 'keep-alive' } }).end();
    const [response] = await once(call, 'response');
    response.resume();
    await once(response, 'end');
    await Promise.all([sink.close(), sink.close()]);
  });
});

describe('waiting', () => {
  test('resolves at once with what is there, and else when it arrives', async () => {
    const waiting = sink.waitFor('a message', ({ errors }) => errors({ value: /^hel/ })[0]);
    await postEnvelope(EVENT);
    expect((await waiting).value).toBe('hello');
    expect(await sink.waitFor('any error', ({ errors }) => errors().length > 0)).toBe(true);
  });

  test('that is in vain tells what was awaited and what arrived', async () => {
    await postEnvelope(EVENT);
    const waiting = sink.waitFor('a span of billing', ({ spans }) => spans()[0], { timeout: 1 });
    await expect(waiting).rejects.toThrow(
      /1 ms passed while waiting for: a span of billing\n.*1 errors: undefined: hello/s,
    );
  });

  test('ends with the error of its own condition', async () => {
    const waiting = sink.waitFor('the impossible', () => {
      throw new TypeError('wrong condition');
    });
    await expect(waiting).rejects.toThrow('wrong condition');
  });

  test('ends when the sink is closed', async () => {
    const waiting = sink.waitFor('anything', ({ spans }) => spans()[0]);
    await Promise.all([
      expect(waiting).rejects.toThrow('the sink was closed while waiting for: anything'),
      sink.close(),
    ]);
  });
});

test('listeners hear what each request brought, until they stop', async () => {
  const heard: unknown[] = [];
  const stop = sink.onArrival(({ errors }) => heard.push(errors.length));
  await postEnvelope(EVENT);
  stop();
  await postEnvelope(EVENT);
  expect(heard).toEqual([1]);
});

test('clearing forgets everything', async () => {
  await postEnvelope(EVENT);
  sink.clear();
  expect([...sink.requests, ...sink.errors()]).toEqual([]);
  await postEnvelope(EVENT);
  expect(sink.errors()).toHaveLength(1);
});
