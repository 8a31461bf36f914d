import * as core from '@sentry/core';
import { makeNodeTransport } from '@sentry/node';
import { afterEach, expect, test, vi } from 'vitest';
import { TrackedTransport } from '../../../src/lifecycle/sentry-transport.ts';
import { type Sink, startSink } from '../../support/sink/index.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0)) await clean();
});

async function sinkWith(mode: 'answer' | 'hang'): Promise<Sink> {
  const sink = await startSink({ mode });
  cleanUp.push(() => sink.close());
  return sink;
}

function transportTo(port: number, options: { collect?: () => void; bufferSize?: number } = {}) {
  const diagnostics: string[] = [];
  const dropped: string[] = [];
  const tracked = new TrackedTransport({
    core,
    makeTransport: makeNodeTransport,
    collect: options.collect ?? (() => undefined),
    onDiagnostic: (line) => diagnostics.push(line),
  });
  const transport = tracked.makeTransport({
    url: `http://127.0.0.1:${port}/api/1/envelope/?sentry_key=public`,
    headers: { 'user-agent': 'test/1' },
    recordDroppedEvent: (reason, category, count = 1) => dropped.push(`${reason} ${category} ${count}`),
    ...(options.bufferSize !== undefined && { bufferSize: options.bufferSize }),
  });
  // As Sentry's client, which catches what the transport rejects with.
  const send = (envelope: core.Envelope) =>
    void Promise.resolve(transport.send(envelope)).catch(() => undefined);
  return { tracked, transport, send, diagnostics, dropped };
}

function errorEvent(message: string): core.Envelope {
  const event_id = core.uuid4();
  const event = { event_id, message, level: 'error' as const };
  return core.createEnvelope<core.EventEnvelope>({ event_id, sent_at: new Date().toISOString() }, [
    [{ type: 'event' }, event],
  ]);
}

const decoded = (body: Uint8Array) => new TextDecoder().decode(body);

test('an envelope whose request waits for its answer is not handed over: it would arrive twice', async () => {
  const sink = await sinkWith('hang');
  const { tracked, send } = transportTo(sink.port);
  send(errorEvent('one'));
  await sink.waitFor('the request', ({ requests }) => requests.length === 1);
  expect(tracked.drainSync()).toEqual([]);
});

test('an envelope without a connection is handed over once, as Sentry would post it', async () => {
  const { tracked, send } = transportTo((await sinkWith('answer')).port);
  send(errorEvent('one'));
  const payloads = tracked.drainSync();
  expect(payloads).toMatchObject([{ headers: { 'user-agent': 'test/1' } }]);
  expect(payloads.map(({ body }) => decoded(body)).join()).toContain('"message":"one"');
  expect(tracked.drainSync()).toEqual([]);
});

test('what the client still buffers is handed over too', async () => {
  const { tracked, send } = transportTo((await sinkWith('answer')).port, {
    collect: () => send(errorEvent('buffered')),
  });
  expect(
    tracked
      .drainSync()
      .map(({ body }) => decoded(body))
      .join(),
  ).toContain('"message":"buffered"');
});

test('large envelopes are compressed', async () => {
  const { tracked, send } = transportTo((await sinkWith('answer')).port);
  tracked.pause();
  send(errorEvent('x'.repeat(100_000)));
  const [payload] = tracked.drainSync();
  expect(payload?.headers).toMatchObject({ 'content-encoding': 'gzip' });
  expect(payload?.body.byteLength).toBeLessThan(10_000);
});

test('what the rate limits of Sentry forbid is not handed over', async () => {
  const sink = await sinkWith('answer');
  sink.behave({ status: 429, headers: { 'x-sentry-rate-limits': '60:error:organization' } });
  const { tracked, transport, send } = transportTo(sink.port);
  await transport.send(errorEvent('refused'));
  tracked.pause();
  send(errorEvent('limited'));
  send(
    core.createEnvelope<core.ClientReportEnvelope>({}, [
      [{ type: 'client_report' }, { timestamp: 1, discarded_events: [] }],
    ]),
  );
  const bodies = tracked.drainSync().map(({ body }) => decoded(body));
  expect(bodies).toHaveLength(1);
  expect(bodies.join()).toContain('client_report');
});

test('more envelopes than the transport takes at once wait and all arrive', async () => {
  const sink = await sinkWith('answer');
  const { tracked, send, dropped } = transportTo(sink.port, { bufferSize: 2 });
  for (let i = 0; i < 20; i++) send(errorEvent(`event ${i}`));
  await tracked.flush(10_000);
  expect(sink.errors()).toHaveLength(20);
  expect(dropped).toEqual([]);
});

test('beyond a thousand that wait, envelopes are dropped and counted', async () => {
  const { tracked, send, dropped, diagnostics } = transportTo((await sinkWith('answer')).port);
  tracked.pause();
  for (let i = 0; i < 1_002; i++) send(errorEvent(`event ${i}`));
  expect(dropped).toEqual(['queue_overflow error 1', 'queue_overflow error 1']);
  expect(diagnostics).toHaveLength(2);
  expect(tracked.drainSync()).toHaveLength(1_000);
});

test('a process that lives on sends what was kept', async () => {
  const sink = await sinkWith('answer');
  const { tracked, transport } = transportTo(sink.port);
  tracked.pause();
  const sent = transport.send(errorEvent('kept'));
  tracked.resume();
  expect(await sent).toMatchObject({ statusCode: 200 });
  expect(sink.errors()).toMatchObject([{ value: 'kept' }]);
});

test('a flush ends when its time is over, whether or not the backend answers', async () => {
  const sink = await sinkWith('hang');
  const { transport, send } = transportTo(sink.port);
  send(errorEvent('one'));
  expect(await transport.flush(50)).toBe(false);
});

test('through a proxy where the variables that Sentry reads name one', async () => {
  const { tracked, send } = transportTo((await sinkWith('answer')).port);
  tracked.pause();
  send(errorEvent('one'));
  vi.stubEnv('http_proxy', 'http://proxy.example:3128');
  cleanUp.push(async () => vi.unstubAllEnvs());
  expect(tracked.drainSync()).toMatchObject([{ proxy: { http_proxy: 'http://proxy.example:3128' } }]);
});
