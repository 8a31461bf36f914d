import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SinkSpan } from '../../support/sink/index.ts';
import { type Service, startService } from './service.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('a service with Sentry and OTLP, everything sampled', () => {
  let service: Service;
  const answers: Record<string, Record<string, unknown>> = {};

  beforeAll(async () => {
    service = await startService({ sampleRate: 1, otlp: true });
    answers.spans = await service.get('/spans/1');
    await Promise.all(ids.map((id) => service.get(`/scope/${id}`)));
    await service.get('/throw/7');
    await service.get('/messages');
    await service.get('/calls/1');
    answers.api = await service.get('/api');
    answers.forward = await service.get('/forward/1', { baggage: 'tenant=acme;prop=1,sentry-release=stale' });
    await service.get('/health');
    await service.stop();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  const named = (name: string, source: SinkSpan['source'] = 'sentry') =>
    service.sink.spans((span) => span.source === source && span.name === name);
  const one = (name: string, source: SinkSpan['source'] = 'sentry'): SinkSpan => {
    const found = named(name, source);
    expect(found, `spans named ${name} in ${source}`).toHaveLength(1);
    return found[0] as SinkSpan;
  };

  it('sends nothing that Relay or a collector would refuse', () => {
    expect(service.sink.invalid).toEqual([]);
  });

  it('sends the same spans to both, less the health check that Sentry never gets', () => {
    const idsOf = (source: SinkSpan['source']) =>
      service.sink
        .spans((span) => span.source === source && span.attributes['url.path'] !== '/health')
        .filter((span) => !healthTraces.has(span.traceId))
        .map((span) => `${span.traceId} ${span.spanId} ${span.parentSpanId ?? 'root'}`)
        .sort();
    const healthTraces = new Set(
      service.sink.spans({ source: 'otlp', attributes: { 'url.path': '/health' } }).map((s) => s.traceId),
    );
    expect(healthTraces.size).toBe(1);
    expect(idsOf('sentry').length).toBeGreaterThan(40);
    expect(idsOf('sentry')).toEqual(idsOf('otlp'));
  });

  it('interleaves spans of both APIs in one tree', () => {
    for (const source of ['sentry', 'otlp'] as const) {
      const outer = one('outer', source);
      expect(one('otel inner', source).parentSpanId).toBe(outer.spanId);
      expect(one('sentry leaf', source).parentSpanId).toBe(one('otel inner', source).spanId);
      expect(outer.traceId).toBe(answers.spans?.traceId);
      expect(outer.attributes).toMatchObject({ count: 3, done: 'yes' });
      expect(one('sentry leaf', source).attributes).toMatchObject({ late: true });
    }
    expect(one('outer').attributes['sentry.op']).toBe('custom.op');
  });

  it('leaves no attribute of Sentry in OTLP and nothing of it in tracestate', () => {
    const leaked = service.sink
      .spans({ source: 'otlp' })
      .flatMap((span) => Object.keys(span.attributes).filter((key) => key.startsWith('sentry.')));
    expect(leaked).toEqual([]);
    expect(answers.forward).not.toHaveProperty('tracestate');
  });

  it('names requests by route, with op and source, service, environment and release', () => {
    const [server] = service.sink.spans({ source: 'sentry', name: 'GET /spans/:id', isSegment: true });
    expect(server?.attributes).toMatchObject({
      'sentry.op': 'http.server',
      'sentry.segment.name': 'GET /spans/:id',
      'sentry.segment.name.source': 'route',
      'sentry.environment': 'production',
      'sentry.release': 'shop@0.1.0',
      'service.name': 'shop',
    });
  });

  it('tells every span the request it is part of, by route', () => {
    expect(one('sentry leaf').attributes['sentry.segment.name']).toBe('GET /spans/:id');
    expect(one('sentry leaf').attributes['sentry.segment.id']).toBe(
      service.sink.spans({ source: 'sentry', name: 'GET /spans/:id', isSegment: true })[0]?.spanId,
    );
  });

  it('keeps the scopes of concurrent requests apart, on errors, logs and spans', () => {
    for (const id of ids) {
      const [error] = service.sink.errors({ value: `failed ${id}` });
      const step = one(`step ${id}`);
      expect(error?.tags).toEqual({ [`only.${id}`]: id, service: 'shop' });
      expect(error?.spanId).toBe(step.spanId);
      expect(error?.traceId).toBe(step.traceId);
      expect(error?.transaction).toBe('GET /scope/:id');
      expect(step.attributes['user.id']).toBe(id);
      const log = service.sink.logs.find(({ body }) => body === `log ${id}`);
      expect([log?.traceId, log?.spanId]).toEqual([step.traceId, step.spanId]);
      expect(log?.attributes).toMatchObject({
        'service.name': 'shop',
        'sentry.environment': 'production',
        'sentry.release': 'shop@0.1.0',
      });
      const metric = service.sink.metrics.find(
        ({ name, attributes }) => name === 'orders' && attributes.id === id,
      );
      expect(metric?.traceId).toBe(step.traceId);
      expect(metric?.attributes['service.name']).toBe('shop');
    }
  });

  it('keeps the scopes of concurrent messages apart, and apart from the request around them', () => {
    for (const id of ['m1', 'm2', 'm3']) {
      const [error] = service.sink.errors({ value: `message ${id}` });
      expect(error?.tags).toEqual({ [`only.${id}`]: id, service: 'shop' });
      expect(error?.spanId).toBe(one(`process ${id}`).spanId);
      expect(error?.transaction).toBe(`process ${id}`);
    }
  });

  it('reports an error thrown in a route once, with route and request', () => {
    const errors = service.sink.errors({ value: 'thrown in a route' });
    expect(errors).toHaveLength(1);
    expect(errors[0]?.transaction).toBe('GET /throw/:id');
    expect(errors[0]?.handled).toBe(false);
    expect(errors[0]?.raw).toMatchObject({
      request: { method: 'GET', url: expect.stringContaining('/throw/7') },
    });
    const [server] = service.sink.spans({ source: 'sentry', name: 'GET /throw/:id' });
    expect(errors[0]?.traceId).toBe(server?.traceId);
  });

  it('leaves a breadcrumb for each outgoing request, by fetch and by node:http', () => {
    const [error] = service.sink.errors({ value: 'after two calls' });
    // The sink keeps breadcrumbs as Sentry would get them.
    const crumbs = ((error?.breadcrumbs ?? []) as { category?: string; data?: object }[]).filter(
      ({ category }) => category === 'http',
    );
    expect(crumbs.map(({ data }) => data)).toEqual([
      expect.objectContaining({ url: expect.stringMatching(/\/headers$/), status_code: 200 }),
      expect.objectContaining({
        url: expect.stringMatching(/\/headers$/),
        status_code: 200,
        'http.method': 'GET',
      }),
    ]);
  });

  it('keeps secrets of a query string from Sentry, and OTLP as it was', () => {
    const sent = JSON.stringify([service.sink.spans({ source: 'sentry' }), service.sink.errors()]);
    expect(sent).not.toContain('hunter2');
    expect(sent).toContain('page=2');
    const [client] = service.sink.spans({
      source: 'otlp',
      kind: 'client',
      attributes: { 'url.full': /page=2/ },
    });
    expect(client?.attributes['url.full']).toContain('api_key=hunter2');
  });

  it("makes Sentry's trace functions follow OpenTelemetry's context", () => {
    expect(answers.api).toMatchObject({
      active: true,
      continued: '0af7651916cd43dd8448eb211c80319c',
      sameNewTrace: true,
      suppressed: true,
    });
    const data = answers.api?.continuedData as Record<string, string>;
    expect(data['sentry-trace']).toBe(`0af7651916cd43dd8448eb211c80319c-${one('continued').spanId}-1`);
    expect(data.baggage).toContain('sentry-sample_rand=0.1');
    expect(one('continued').parentSpanId).toBe('b7ad6b7169203331');
    expect(one('new 1').traceId).not.toBe(answers.spans?.traceId);
    expect(service.sink.spans({ name: /suppressed/ })).toEqual([]);
    expect(one('own segment').isSegment).toBe(true);
  });

  it('writes every header of the trace that goes on, with foreign baggage', () => {
    const { traceparent, 'sentry-trace': sentryTrace, baggage } = answers.forward as Record<string, string>;
    const [, traceId, spanId] = traceparent?.split('-') ?? [];
    expect(sentryTrace).toBe(`${traceId}-${spanId}-1`);
    expect(service.sink.spans({ source: 'otlp', spanId: spanId ?? '' })[0]?.kind).toBe('client');
    expect(baggage).toContain('tenant=acme;prop=1');
    expect(baggage).toContain(`sentry-trace_id=${traceId}`);
    expect(baggage).not.toContain('stale');
  });

  it('puts the DSC into the header of every span envelope', () => {
    for (const span of service.sink.spans({ source: 'sentry' })) {
      if (span.traceId === '0af7651916cd43dd8448eb211c80319c') continue;
      expect(span.dsc).toMatchObject({
        trace_id: span.traceId,
        public_key: 'public',
        sampled: 'true',
        sample_rate: '1',
      });
      expect(span.dsc?.sample_rand).toMatch(/^0\.\d{6}$/);
    }
  });
});
