import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SinkSpan, SinkTransaction } from '../../support/sink/index.ts';
import { type Service, startService } from './service.ts';

const T = '0af7651916cd43dd8448eb211c80319c';
const S = 'b7ad6b7169203331';
const ids = ['a', 'b', 'c', 'd'];

describe('a service that sends transactions, with OTLP, everything sampled', () => {
  let service: Service;
  const answers: Record<string, Record<string, unknown>> = {};

  beforeAll(async () => {
    service = await startService({
      sampleRate: 1,
      otlp: true,
      env: { OTEL_SENTRY_TRACE_LIFECYCLE: 'static' },
    });
    answers.spans = await service.get('/spans/1');
    await Promise.all(ids.map((id) => service.get(`/scope/${id}`)));
    await service.get('/throw/7');
    await service.get('/messages');
    await service.get('/calls/1');
    await service.get('/api');
    answers.forward = await service.get('/forward/1', { 'sentry-trace': `${T}-${S}-1` });
    await service.get('/health');
    await service.stop();
  });
  afterAll(() => service?.[Symbol.asyncDispose]());

  const transactions = (name: string): readonly SinkTransaction[] =>
    service.sink.transactions.filter((transaction) => transaction.name === name);
  const one = (name: string): SinkTransaction => {
    const found = transactions(name);
    expect(found, `transactions named ${name}`).toHaveLength(1);
    return found[0] as SinkTransaction;
  };
  const inOtlp = () => {
    const ofHealth = new Set(
      service.sink
        .spans({ source: 'otlp', attributes: { 'url.path': '/health' } })
        .map((span) => span.traceId),
    );
    expect(ofHealth.size).toBe(1);
    return service.sink.spans({ source: 'otlp' }).filter(({ traceId }) => !ofHealth.has(traceId));
  };

  it('sends nothing that Relay or a collector would refuse', () => {
    expect(service.sink.invalid).toEqual([]);
  });

  it('streams no span', () => {
    const formats = new Set(service.sink.spans({ source: 'sentry' }).map(({ format }) => format));
    expect(formats).toEqual(new Set(['transaction']));
  });

  it('has in its transactions every span that OTLP has, once', () => {
    const identity = ({ traceId, spanId, parentSpanId }: SinkSpan) =>
      `${traceId} ${spanId} ${parentSpanId ?? 'root'}`;
    const sent = service.sink.transactions.flatMap(({ spans }) => spans.map(identity));
    expect(sent.length).toBeGreaterThan(30);
    expect(sent.toSorted()).toEqual(inOtlp().map(identity).toSorted());
  });

  it('has in each transaction one whole local tree', () => {
    for (const { name, spans } of service.sink.transactions) {
      const [root, ...below] = spans;
      const known = new Set(spans.map(({ spanId }) => spanId));
      for (const span of below) expect(known, `${span.name} in ${name}`).toContain(span.parentSpanId);
      expect(known, name).not.toContain(root?.parentSpanId);
    }
  });

  it('interleaves spans of both APIs in it', () => {
    const { spans } = one('GET /spans/:id');
    const named = (name: string) => spans.find((span) => span.name === name);
    expect(named('otel inner')?.parentSpanId).toBe(named('outer')?.spanId);
    expect(named('sentry leaf')?.parentSpanId).toBe(named('otel inner')?.spanId);
    expect(named('outer')).toMatchObject({
      traceId: answers.spans?.traceId,
      attributes: { count: 3, done: 'yes', 'sentry.op': 'custom.op' },
    });
    expect(named('sentry leaf')?.attributes).toMatchObject({ late: true });
  });

  it('names transactions by route, with op and source, environment, release and tags', () => {
    expect(one('GET /spans/:id')).toMatchObject({
      nameSource: 'route',
      op: 'http.server',
      environment: 'production',
      release: 'shop@0.1.0',
      tags: { service: 'shop' },
    });
  });

  it('leaves no attribute of Sentry in OTLP', () => {
    const leaked = inOtlp().flatMap(({ attributes }) =>
      Object.keys(attributes).filter((key) => key.startsWith('sentry.')),
    );
    expect(leaked).toEqual([]);
  });

  it('keeps the scopes of concurrent requests apart, on transactions and errors', () => {
    const tags = transactions('GET /scope/:id').map((transaction) => transaction.tags);
    const expected = ids.map((id) => ({ [`only.${id}`]: id, service: 'shop' }));
    expect(new Set(tags.map((each) => JSON.stringify(Object.entries(each).toSorted())))).toEqual(
      new Set(expected.map((each) => JSON.stringify(Object.entries(each).toSorted()))),
    );
    for (const id of ids) {
      const [error] = service.sink.errors({ value: `failed ${id}` });
      expect(error).toMatchObject({
        tags: { [`only.${id}`]: id, service: 'shop' },
        transaction: 'GET /scope/:id',
      });
      const [step] = service.sink.spans({ source: 'sentry', name: `step ${id}` });
      expect([error?.traceId, error?.spanId]).toEqual([step?.traceId, step?.spanId]);
      expect(service.sink.logs.find(({ body }) => body === `log ${id}`)).toMatchObject({
        traceId: step?.traceId,
        spanId: step?.spanId,
      });
    }
  });

  it('makes each message, and each span that Sentry is asked to, a transaction of its own', () => {
    for (const id of ['m1', 'm2', 'm3']) {
      const message = one(`process ${id}`);
      expect(message.spans).toHaveLength(1);
      expect(message.tags).toEqual({ [`only.${id}`]: id, service: 'shop' });
      expect(service.sink.errors({ value: `message ${id}` })[0]?.spanId).toBe(message.spanId);
    }
    expect(one('own segment').traceId).toBe(one('GET /api').traceId);
  });

  it('tells that a request failed', () => {
    const failed = one('GET /throw/:id');
    expect(failed.spans[0]).toMatchObject({ status: 'error', statusMessage: 'internal_error' });
    expect(service.sink.errors({ value: 'thrown in a route' })).toMatchObject([
      { traceId: failed.traceId, transaction: 'GET /throw/:id', handled: false },
    ]);
  });

  it('keeps secrets of a query string from Sentry', () => {
    const sent = JSON.stringify(service.sink.transactions);
    expect(sent).not.toContain('hunter2');
    expect(sent).toContain('page=2');
  });

  it('continues the trace of its caller and tells the next service of it', () => {
    const forwarded = one('GET /forward/:id');
    expect(forwarded.spans[0]).toMatchObject({ traceId: T, parentSpanId: S });
    expect(forwarded.spans.map(({ spanId }) => spanId)).toContain(
      String(answers.forward?.traceparent).split('-')[2],
    );
    const [next] = transactions('GET /headers').filter(({ traceId }) => traceId === T);
    expect(answers.forward?.['sentry-trace']).toBe(`${T}-${next?.spans[0]?.parentSpanId}-1`);
  });

  it('puts the DSC into the header of every envelope', () => {
    for (const { name, dsc, traceId } of service.sink.transactions) {
      if (traceId === T) continue; // its head's, which sent none
      expect(dsc, name).toMatchObject({
        trace_id: traceId,
        public_key: 'public',
        sampled: 'true',
        sample_rate: '1',
      });
      expect(dsc?.sample_rand, name).toMatch(/^0\.\d{6}$/);
    }
  });
});

describe('a service that sends transactions and samples none', () => {
  it('sends none, and its errors with the trace', async () => {
    await using service = await startService({
      sampleRate: 0,
      otlp: true,
      env: { OTEL_SENTRY_TRACE_LIFECYCLE: 'static' },
    });
    await service.get('/scope/x');
    await service.stop();
    expect(service.sink.transactions).toEqual([]);
    const [error] = service.sink.errors({ value: 'failed x' });
    expect(error).toMatchObject({ transaction: 'GET /scope/:id', dsc: { sampled: 'false' } });
    const spans = service.sink.spans({ source: 'otlp' }).map(({ spanId }) => spanId);
    expect(spans).toContain(error?.spanId);
  });
});
