import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, type ServiceOptions, startService } from './service.ts';

const T = '0af7651916cd43dd8448eb211c80319c';
const S = 'b7ad6b7169203331';
const OTHER = '5b8aa5a2d2c872e8321cf37308d69df2';
const dsc = (more: string) =>
  `sentry-trace_id=${T},sentry-public_key=upstream,sentry-sample_rate=0.25,sentry-sample_rand=0.123456${more}`;

interface Case {
  readonly title: string;
  readonly headers: Record<string, string>;
  /** Whether the service's spans reach each backend. */
  readonly sentry: boolean;
  readonly otlp: boolean;
  /** What it sends on: `{id}` is the id of its own trace, `{span}` any span id. */
  readonly sentryTrace: string;
  readonly traceparent: string;
  /** Whether its server span is a child of `S` in trace `T`. */
  readonly continues: boolean;
}

const always: Case[] = [
  {
    title: 'starts a trace',
    headers: {},
    sentry: true,
    otlp: true,
    sentryTrace: '{id}-{span}-1',
    traceparent: '00-{id}-{span}-01',
    continues: false,
  },
  {
    title: "inherits Sentry's no, while OpenTelemetry decides for itself",
    headers: { 'sentry-trace': `${T}-${S}-0`, baggage: dsc(',sentry-sampled=false') },
    sentry: false,
    otlp: true,
    sentryTrace: `${T}-{span}-0`,
    traceparent: `00-${T}-{span}-01`,
    continues: true,
  },
  {
    title: "inherits OpenTelemetry's no, while Sentry decides for itself",
    headers: { traceparent: `00-${T}-${S}-00` },
    sentry: true,
    otlp: false,
    sentryTrace: `${T}-{span}-1`,
    traceparent: `00-${T}-{span}-00`,
    continues: true,
  },
  {
    title: 'keeps the random flag of a trace',
    headers: { traceparent: `00-${T}-${S}-03` },
    sentry: true,
    otlp: true,
    sentryTrace: `${T}-{span}-1`,
    traceparent: `00-${T}-{span}-03`,
    continues: true,
  },
  {
    title: 'takes each decision from the header that carries it',
    headers: {
      'sentry-trace': `${T}-${S}-0`,
      traceparent: `00-${T}-${S}-01`,
      baggage: dsc(',sentry-sampled=false'),
    },
    sentry: false,
    otlp: true,
    sentryTrace: `${T}-{span}-0`,
    traceparent: `00-${T}-{span}-01`,
    continues: true,
  },
  {
    title: 'decides where the caller deferred to it',
    headers: { 'sentry-trace': `${T}-${S}`, baggage: `sentry-trace_id=${T},sentry-public_key=upstream` },
    sentry: true,
    otlp: true,
    sentryTrace: `${T}-{span}-1`,
    traceparent: `00-${T}-{span}-01`,
    continues: true,
  },
];

const never: Case[] = [
  {
    title: 'starts a trace that only OTLP gets',
    headers: {},
    sentry: false,
    otlp: true,
    sentryTrace: '{id}-{span}-0',
    traceparent: '00-{id}-{span}-01',
    continues: false,
  },
  {
    title: "inherits Sentry's yes",
    headers: { 'sentry-trace': `${T}-${S}-1`, baggage: dsc(',sentry-sampled=true') },
    sentry: true,
    otlp: true,
    sentryTrace: `${T}-{span}-1`,
    traceparent: `00-${T}-{span}-01`,
    continues: true,
  },
];

const groups: { title: string; options: ServiceOptions; cases: Case[] }[] = [
  { title: 'sample rate 1, with OTLP', options: { sampleRate: 1, otlp: true }, cases: always },
  { title: 'sample rate 0, with OTLP', options: { sampleRate: 0, otlp: true }, cases: never },
  {
    title: 'sample rate 0, without OTLP',
    options: { sampleRate: 0, otlp: false },
    cases: never.map((one) => ({ ...one, otlp: false })),
  },
];

describe.each(groups)('a service at $title', ({ options, cases }) => {
  describe.each(cases)('$title', (expected) => {
    let service: Service;
    let outgoing: Record<string, string>;

    beforeAll(async () => {
      service = await startService(options);
      // The service reads back the headers that its own request carried.
      outgoing = (await service.get('/forward/1', expected.headers)) as Record<string, string>;
      await service.stop();
    });
    afterAll(() => service[Symbol.asyncDispose]());

    const traceId = () => outgoing.traceparent?.split('-')[1] ?? '';

    it('sends its spans where they belong', () => {
      expect(service.sink.invalid).toEqual([]);
      const count = (source: 'sentry' | 'otlp') => service.sink.spans({ source, traceId: traceId() }).length;
      expect({ sentry: count('sentry') > 0, otlp: count('otlp') > 0 }).toEqual({
        sentry: expected.sentry,
        otlp: expected.otlp,
      });
    });

    it('tells the next service both decisions', () => {
      const shape = (header = '') => header.replace(/([0-9a-f]{32})-[0-9a-f]{16}/, '$1-{span}');
      const filled = (template: string) => template.replace('{id}', traceId());
      expect(shape(outgoing['sentry-trace'])).toBe(filled(expected.sentryTrace));
      expect(shape(outgoing.traceparent)).toBe(filled(expected.traceparent));
      expect(outgoing.baggage).toContain(`sentry-trace_id=${traceId()}`);
    });

    it('continues the trace it was given, or none', () => {
      if (!expected.continues) return expect(traceId()).not.toBe(T);
      expect(traceId()).toBe(T);
      const servers = service.sink
        .spans({ traceId: T, kind: 'server', name: /forward|^GET/ })
        .filter((span) => span.parentSpanId === S);
      expect(servers.length).toBe(Number(expected.sentry) + Number(expected.otlp));
    });

    it('passes on a frozen dynamic sampling context unchanged', () => {
      const received = expected.headers.baggage;
      if (received === undefined) return expect(outgoing.baggage).toContain('sentry-public_key=public');
      expect(outgoing.baggage?.split(',').sort()).toEqual(received.split(',').sort());
      for (const span of service.sink.spans({ source: 'sentry', traceId: T }))
        expect(span.dsc?.public_key).toBe('upstream');
    });
  });
});

describe('headers that disagree', () => {
  const headers = {
    traceparent: `00-${T}-${S}-01`,
    'sentry-trace': `${OTHER}-00f067aa0ba902b7-1`,
    baggage: `sentry-trace_id=${OTHER}`,
  };

  it.each([
    { env: {}, wins: T, parent: S, loses: OTHER, why: 'traceparent wins, as OTLP backends expect' },
    {
      env: { OTEL_PROPAGATORS: 'sentry,tracecontext,baggage' },
      wins: OTHER,
      parent: '00f067aa0ba902b7',
      loses: T,
      why: 'OTEL_PROPAGATORS turns the order',
    },
  ])('continue one trace and link the other: $why', async ({ env, wins, parent, loses }) => {
    await using service = await startService({ sampleRate: 1, otlp: true, env });
    await service.get('/headers', headers);
    await service.stop();
    const servers = service.sink.spans({ traceId: wins, kind: 'server' });
    expect(servers.map(({ source }) => source).sort()).toEqual(['otlp', 'sentry']);
    for (const server of servers) {
      expect(server.parentSpanId).toBe(parent);
      expect(server.links.map((link) => link.traceId)).toEqual([loses]);
    }
  });
});

describe('formats of other systems, where OTEL_PROPAGATORS names them', () => {
  const env = { OTEL_PROPAGATORS: 'b3,tracecontext,baggage' };

  it.each([
    { title: 'b3 alone', headers: { b3: `${T}-${S}-1` } },
    {
      title: 'traceparent beside b3 of another trace',
      headers: { b3: `${OTHER}-${S}-1`, traceparent: `00-${T}-${S}-01` },
    },
  ])('continue a trace from $title and are written beside ours', async ({ headers }) => {
    await using service = await startService({ sampleRate: 1, otlp: false, env });
    const outgoing = (await service.get('/forward/1', headers)) as Record<string, string>;
    const spanId = outgoing.traceparent?.split('-')[2];
    expect(outgoing).toMatchObject({
      b3: `${T}-${spanId}-1`,
      traceparent: `00-${T}-${spanId}-01`,
      'sentry-trace': `${T}-${spanId}-1`,
    });
  });
});

describe('an error in a trace that Sentry does not sample', () => {
  it.each([{ otlp: true }, { otlp: false }])(
    'has the trace, the route and the request (OTLP: $otlp)',
    async ({ otlp }) => {
      await using service = await startService({ sampleRate: 0, otlp });
      await service.get('/scope/x', { traceparent: `00-${T}-${S}-01` });
      await service.stop();
      const [error] = service.sink.errors({ value: 'failed x' });
      expect(error).toMatchObject({
        traceId: T,
        transaction: 'GET /scope/:id',
        tags: { 'only.x': 'x', service: 'shop' },
      });
      expect(error?.raw).toMatchObject({
        request: { url: expect.stringContaining('/scope/x') },
        user: { id: 'x' },
      });
      expect(error?.dsc).toMatchObject({ trace_id: T, sampled: 'false' });
      expect(service.sink.spans({ source: 'sentry' })).toEqual([]);
      const spans = service.sink.spans({ source: 'otlp' });
      expect(spans.length > 0).toBe(otlp);
      if (otlp) expect(spans.map(({ spanId }) => spanId)).toContain(error?.spanId);
    },
  );
});
