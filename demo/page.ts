import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Sink } from '../test/support/sink/index.ts';
import { tracesIn } from './view/trace.ts';

const FILES: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  '/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/style.css': { name: 'style.css', type: 'text/css; charset=utf-8' },
  '/app.js': { name: 'app.js', type: 'text/javascript; charset=utf-8' },
  '/dom.js': { name: 'dom.js', type: 'text/javascript; charset=utf-8' },
  '/icon.svg': { name: 'icon.svg', type: 'image/svg+xml' },
};

/** Answers a browser: the page, `/traces` with what it shows, and `/arrivals`, which tells it when to ask again. */
export async function page(sink: Sink, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const file = FILES[path];
  if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end();
  else if (path === '/traces') json(response, tracesIn(sink));
  else if (path === '/arrivals') arrivals(sink, response);
  else if (file === undefined) response.writeHead(404).end('not found');
  else {
    const content = await readFile(new URL(`page/${file.name}`, import.meta.url));
    response.writeHead(200, { 'content-type': file.type }).end(content);
  }
}

function json(response: ServerResponse, value: unknown): void {
  response
    .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(value));
}

/** Server-sent events: one for each request with telemetry. */
function arrivals(sink: Sink, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.flushHeaders();
  const stop = sink.onArrival(() => response.write('data: arrived\n\n'));
  response.once('close', stop);
}
