import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Collector, startCollector } from '../support/brokers/index.ts';
import { type Sink, type SinkSpan, startSink } from '../support/sink/index.ts';
import {
  type Intended,
  NO_SENTRY_BAGGAGE,
  SENTRY_HEADERS,
  SENTRY_LINK,
  SERVICE_NAME,
} from './collector/intended.ts';
import { difference, headerLines, resourceLines, spanLines } from './collector/lines.ts';
import {
  OUR_PRELOAD,
  OWN_SDK,
  OWN_SDK_WITH_PARTS,
  type Run,
  runShop,
  THEIR_REGISTER,
  UPSTREAM,
} from './collector/shop.ts';

/** Building the Collector's image takes minutes, where nobody did it before. */
const IMAGE_TIME = 600_000;

let collector: Collector;
let sentry: Sink;

beforeAll(async () => {
  collector = await startCollector();
  sentry = await startSink();
}, IMAGE_TIME);
afterAll(async () => {
  await sentry?.close();
  await collector?.[Symbol.asyncDispose]();
});

/** What differs beyond what is meant to, and what is meant to differ and doesn't. */
function unintended(lines: readonly string[], intended: readonly Intended[]) {
  return {
    unexplained: lines.filter((line) => !intended.some((each) => each.line.test(line))),
    outdated: intended.filter((each) => !lines.some((line) => each.line.test(line))),
  };
}
const NONE = { unexplained: [], outdated: [] };

describe('a real OpenTelemetry Collector gets the same with and without us', () => {
  let register: Run;
  let ownSdk: Run;

  beforeAll(async () => {
    register = await runShop(THEIR_REGISTER, { collector });
    ownSdk = await runShop(OWN_SDK, { collector });
  });

  it('of a shop whose spans are worth comparing', () => {
    const spans = spanLines(register);
    expect(register.spans.length).toBeGreaterThan(20);
    expect(spans).toEqual(
      expect.arrayContaining([
        '/orders/1: GET /orders/:id › request handler › reserve stock › GET › GET /headers: attribute http.route = "/headers"',
        `/orders/2: GET /orders/:id: trace ${UPSTREAM.w3c}`,
        '/orders/2: GET /orders/:id: tracestate vendor=one,other=two',
        '/broken/6: GET /broken/:id › request handler: event exception exception.message = "broken 6"',
        '/broken/6: GET /broken/:id: status error ',
        '/health: GET: attribute http.response.status_code = 404',
      ]),
    );
    expect(spans.filter((line) => line.startsWith('/orders/3'))).toEqual([]);
  });

  describe.each([
    {
      title: "our preload in the place of OpenTelemetry's register",
      setUp: OUR_PRELOAD,
      withSentry: true,
      baseline: () => register,
      spans: SENTRY_LINK,
      resource: SERVICE_NAME,
      headers: SENTRY_HEADERS,
    },
    {
      title: "our preload in the place of OpenTelemetry's register, without a DSN",
      setUp: OUR_PRELOAD,
      withSentry: false,
      baseline: () => register,
      spans: [],
      resource: SERVICE_NAME,
      headers: NO_SENTRY_BAGGAGE,
    },
    {
      title: 'our parts in a NodeSDK of its own',
      setUp: OWN_SDK_WITH_PARTS,
      withSentry: true,
      baseline: () => ownSdk,
      spans: SENTRY_LINK,
      resource: [],
      headers: SENTRY_HEADERS,
    },
  ])('$title', ({ setUp, withSentry, baseline, spans, resource, headers }) => {
    let run: Run;

    beforeAll(async () => {
      sentry.clear();
      run = await runShop(setUp, { collector, ...(withSentry && { sentry }) });
    });

    it('the spans: names, kinds, parents, status, attributes, events, links, tracestate, flags', () => {
      const lines = difference(spanLines(baseline()), spanLines(run));
      expect(unintended(lines, spans)).toEqual(NONE);
      expect(collector.received.invalid).toEqual([]);
    });

    it('the resource, but for what is meant to differ', () => {
      const lines = difference(resourceLines(baseline()), resourceLines(run));
      expect(unintended(lines, resource)).toEqual(NONE);
    });

    it('the headers between services, but for what is meant to differ', () => {
      const lines = difference(headerLines(baseline()), headerLines(run));
      expect(unintended(lines, headers)).toEqual(NONE);
    });

    it("nothing of Sentry's", () => {
      for (const { raw } of run.spans) expect(JSON.stringify(raw)).not.toMatch(/sentry/i);
      for (const line of resourceLines(run)) expect(line).not.toMatch(/resource sentry/);
    });

    it(withSentry ? 'while Sentry gets the same spans' : 'while nothing goes to Sentry', () => {
      const ids = ({ spanId, parentSpanId }: Pick<SinkSpan, 'spanId' | 'parentSpanId'>) =>
        `${spanId} below ${parentSpanId}`;
      const inSentry = new Set(sentry.spans().map(ids));
      const missing = run.spans.filter((span) => !inSentry.has(ids(span)));
      // Probes of the service's health are OTLP's alone.
      if (withSentry) expect(missing.map(({ attributes }) => attributes['url.path'])).toEqual(['/health']);
      else expect(inSentry.size).toBe(0);
      expect(sentry.errors().map(({ value }) => value)).toEqual(withSentry ? ['broken 6'] : []);
      expect(sentry.invalid).toEqual([]);
    });
  });

  describe.each(['http/protobuf', 'http/json', 'grpc'])('by %s, beside Sentry', (protocol) => {
    let run: Run;

    beforeAll(async () => {
      run = await runShop(
        OUR_PRELOAD,
        { collector, sentry },
        {
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? collector.grpcEndpoint : collector.httpEndpoint,
          OTEL_METRICS_EXPORTER: 'otlp',
          OTEL_LOGS_EXPORTER: 'otlp',
        },
      );
    });

    it('the spans', () => {
      const lines = difference(spanLines(register), spanLines(run));
      expect(unintended(lines, SENTRY_LINK)).toEqual(NONE);
      expect(collector.received.invalid).toEqual([]);
    });

    it('the lines of its logger, on the traces they were written in', () => {
      const ordered = run.logs.map(({ body, attributes, traceId }) => [body, attributes.order, traceId]);
      expect(ordered).toEqual([
        ['ordered', '1', expect.stringMatching(/^[\da-f]{32}$/)],
        ['ordered', '2', UPSTREAM.w3c],
        ['ordered', '3', UPSTREAM.unsampled],
        ['ordered', '7', UPSTREAM.w3c],
      ]);
      expect(run.spans.map(({ traceId }) => traceId)).toContain(run.logs[0]?.traceId);
    });

    it("the application's metrics and those of its requests", () => {
      const lastOf = (name: string) => run.metrics.findLast((metric) => metric.name === name);
      expect(lastOf('shop.orders')).toMatchObject({
        value: 4,
        unit: '{order}',
        attributes: { 'order.paid': true },
      });
      const requests = run.metrics.filter(({ name }) => name === 'http.server.request.duration');
      const routes = new Set(requests.map(({ attributes }) => attributes['http.route']));
      expect(routes).toContain('/orders/:id');
    });
  });
});

describe('several backends at once get the same spans', () => {
  const idsIn = (spans: readonly SinkSpan[]) => spans.map(({ spanId }) => spanId).toSorted();

  it('of our preload, as OTEL_TRACES_EXPORTER lists them: OTLP, Zipkin, the console, and Sentry', async () => {
    const zipkinIds: string[] = [];
    await using zipkin = await startSink({
      handle: async (request, response) => {
        const spans = JSON.parse(await text(request)) as readonly { readonly id: string }[]; // Zipkin's v2 format
        zipkinIds.push(...spans.map(({ id }) => id));
        response.writeHead(202).end();
      },
    });
    const { spans, stdout } = await runShop(
      OUR_PRELOAD,
      { collector, sentry },
      {
        OTEL_TRACES_EXPORTER: 'otlp,zipkin,console',
        OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${zipkin.otlpEndpoint}/api/v2/spans`,
      },
    );
    const printed = [...stdout.matchAll(/^ {2}id: '([\da-f]{16})'/gm)].map(([, id]) => id);
    expect(spans.length).toBeGreaterThan(20);
    expect(zipkinIds.toSorted()).toEqual(idsIn(spans));
    expect(printed.toSorted()).toEqual(idsIn(spans));
  });

  it('of a NodeSDK of its own with our parts: OTLP by each protocol, and Sentry', async () => {
    await using protobuf = await startSink();
    await using json = await startSink();
    const { spans } = await runShop(
      OWN_SDK_WITH_PARTS,
      { collector, sentry },
      {
        BACKENDS: JSON.stringify({
          'http/protobuf': protobuf.otlpEndpoint,
          'http/json': json.otlpEndpoint,
          grpc: collector.grpcEndpoint,
        }),
      },
    );
    expect(spans.length).toBeGreaterThan(20);
    expect(idsIn(protobuf.spans())).toEqual(idsIn(spans));
    expect(idsIn(json.spans())).toEqual(idsIn(spans));
  });
});
