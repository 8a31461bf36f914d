import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { createTransport, setCurrentClient, startSpan } from '@sentry/core';
import { NodeClient } from '@sentry/node';
import { SentryPropagator as SentrySdkPropagator } from '@sentry/opentelemetry';
import { beforeAll, describe, expect, it } from 'vitest';
import { SentryPropagator } from '../../../propagators/propagator.ts';
import { SentryTraceState } from '../../../propagators/sentry-trace-state.ts';
import { DSC, extract, S, T } from './headers.ts';

const sentrySdk = new SentrySdkPropagator();
const opentelemetry = new CompositePropagator({
  propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
});

/** What Sentry's own SDK writes for its current span. No OpenTelemetry globals: its context is the root. */
function sentHeaders(): Record<string, string> {
  const carrier: Record<string, string> = {};
  sentrySdk.inject(ROOT_CONTEXT, carrier, defaultTextMapSetter);
  return carrier;
}

describe("beside Sentry's SDK", () => {
  beforeAll(() => {
    const client = new NodeClient({
      dsn: 'https://public@o42.ingest.example.com/1',
      tracesSampleRate: 1,
      environment: 'production',
      release: 'shop@1.2.3',
      propagateTraceparent: true,
      integrations: [],
      stackParser: () => [],
      transport: (options) => createTransport(options, async () => ({ statusCode: 200 })),
    });
    setCurrentClient(client);
    client.init();
  });

  it('reads what it sends from a span: ids, decision, sampling context and organisation', () => {
    startSpan({ name: 'GET /' }, (span) => {
      const headers = sentHeaders();
      const orgs: (string | undefined)[] = [];
      const mayContinue = (orgId: string | undefined) => orgs.push(orgId) > 0;
      const { span: parent, sentry } = extract(headers, {
        source: { mayContinue, outgoing: () => undefined },
      });
      expect(parent).toMatchObject({
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        traceFlags: 1,
      });
      expect(sentry).toMatchObject({ sampled: true, dsc: headers.baggage, rival: undefined });
      expect(headers.baggage).toContain(`sentry-sample_rand=${sentry?.sampleRand}`);
      expect(sentry?.sampleRand).toMatch(/^0\.\d{6,}$/);
      expect(orgs).toEqual(['42']);
    });
  });

  it('reads what it sends without a span: the decision stays deferred', () => {
    const headers = sentHeaders();
    expect(extract(headers).sentry).toMatchObject({ sampled: undefined, dsc: headers.baggage });
    expect(extract({ 'sentry-trace': headers['sentry-trace'] }).sentry?.sampled).toBeUndefined();
  });

  it('is read by it: ids, decision and sampling context', () => {
    for (const [sampled, traceFlags] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const traceState = new SentryTraceState({ sampled, dsc: DSC });
      const ours = trace.setSpanContext(ROOT_CONTEXT, { traceId: T, spanId: S, traceFlags, traceState });
      const wire: Record<string, string> = {};
      new SentryPropagator().inject(ours, wire, defaultTextMapSetter);
      const theirs = trace.getSpanContext(sentrySdk.extract(ROOT_CONTEXT, wire, defaultTextMapGetter));
      expect(theirs).toMatchObject({ traceId: T, spanId: S, traceFlags });
      expect(theirs?.traceState?.get('sentry.dsc')?.split(',').toSorted()).toEqual(DSC.split(',').toSorted());
    }
  });

  it('takes over a trace state it made, without leaking it (behaviour 36)', () => {
    const headers = { 'sentry-trace': `${T}-${S}-1`, baggage: DSC };
    const context = sentrySdk.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    const wire: Record<string, string> = {};
    new SentryPropagator().inject(context, wire, defaultTextMapSetter);
    expect(wire).not.toHaveProperty('tracestate');
    expect(wire.traceparent).toBe(`00-${T}-${S}-01`);
  });
});

describe("beside OpenTelemetry's W3C propagators", () => {
  it('is read by them, and reads them', () => {
    const headers = {
      traceparent: `00-${T}-${S}-01`,
      tracestate: 'congo=t61,rojo=00f',
      baggage: 'tenant=a%20b;p=1,user=%C3%BC',
    };
    for (const [from, to] of [
      [opentelemetry, new SentryPropagator()],
      [new SentryPropagator(), opentelemetry],
    ] as const) {
      const wire: Record<string, string> = {};
      from.inject(from.extract(ROOT_CONTEXT, headers, defaultTextMapGetter), wire, defaultTextMapSetter);
      const context = to.extract(ROOT_CONTEXT, wire, defaultTextMapGetter);
      expect(trace.getSpanContext(context)).toMatchObject({ traceId: T, spanId: S, traceFlags: 1 });
      expect(trace.getSpanContext(context)?.traceState?.serialize()).toBe(headers.tracestate);
      expect(propagation.getBaggage(context)?.getEntry('tenant')?.value).toBe('a b');
      expect(propagation.getBaggage(context)?.getEntry('tenant')?.metadata?.toString()).toBe('p=1');
      expect(propagation.getBaggage(context)?.getEntry('user')?.value).toBe('ü');
    }
  });
});
