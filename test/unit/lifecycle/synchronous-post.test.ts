import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Payload } from '../../../src/lifecycle/pending.ts';
import { postSync } from '../../../src/lifecycle/synchronous-post.ts';

// In a thread of its own: this one is blocked while it posts.
const SERVER = `
  const { createServer } = require('node:http');
  const { parentPort } = require('node:worker_threads');
  const received = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push(body);
    if (request.url === '/hang') return;
    response.writeHead(request.url === '/refuse' ? 503 : 200).end('answer');
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
  parentPort.on('message', () => parentPort.postMessage(received.splice(0)));
`;

let server: Worker;
let origin: string;
beforeAll(async () => {
  server = new Worker(SERVER, { eval: true });
  const [port] = await once(server, 'message');
  origin = `http://127.0.0.1:${port}`;
});
afterAll(() => server.terminate());

async function received(): Promise<string[]> {
  server.postMessage('what came?');
  const [bodies] = await once(server, 'message');
  return bodies;
}

const payload = (path: string, text = path): Payload => ({
  url: `${origin}${path}`,
  headers: {},
  body: new TextEncoder().encode(text),
});

test('every payload is posted before it returns', async () => {
  const texts = Array.from({ length: 50 }, (_, i) => `payload ${i}`);
  const delivery = postSync(
    texts.map((text) => payload('/', text)),
    10_000,
  );
  expect(delivery).toEqual({ delivered: 50, refused: 0, unanswered: 0 });
  expect((await received()).sort()).toEqual(texts.sort());
});

test('it says what was refused, and goes on with the others', async () => {
  const unknown: Payload = { url: 'ftp://nowhere', headers: {}, body: new Uint8Array() };
  const closed: Payload = { ...payload('/'), url: 'http://127.0.0.1:1/' };
  const malformed: Payload = { ...payload('/'), headers: { 'not a header': 'x' } };
  const delivery = postSync([unknown, closed, malformed, payload('/refuse'), payload('/')], 10_000);
  expect(delivery).toEqual({ delivered: 1, refused: 4, unanswered: 0 });
});

test('a backend that never answers costs the budget and no other backend its share', async () => {
  const other = { ...payload('/'), url: `http://localhost:${new URL(origin).port}/` };
  const hanging = Array.from({ length: 20 }, () => payload('/hang'));
  const started = performance.now();
  expect(postSync([...hanging, other], 1_000)).toEqual({ delivered: 1, refused: 0, unanswered: 20 });
  const tookMs = performance.now() - started;
  expect(tookMs).toBeGreaterThanOrEqual(999);
  expect(tookMs).toBeLessThan(1_500);
});

test('nothing to post takes no time', () => {
  const started = performance.now();
  expect(postSync([], 10_000)).toEqual({ delivered: 0, refused: 0, unanswered: 0 });
  expect(performance.now() - started).toBeLessThan(5);
});
