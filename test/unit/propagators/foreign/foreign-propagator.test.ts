import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { createTransport } from '@sentry/core';
import { NodeClient } from '@sentry/node';
import { describe, expect, it } from 'vitest';
import { AmqpHeaders } from '../../../../propagators/amqp.ts';
import { propagationCounters } from '../../../../propagators/counters.ts';
import { FOREIGN_FORMATS, ForeignPropagator, readForeign } from '../../../../propagators/foreign/index.ts';
import { NO_INJECTION } from '../../../../propagators/injection.ts';
import { SentryPropagator } from '../../../../propagators/propagator.ts';
import { SentryTraceState } from '../../../../propagators/sentry-trace-state.ts';
import { resolveConfig } from '../../../../src/config/config.ts';
import { createPropagator } from '../../../../src/opentelemetry/propagator.ts';
import { SentrySampler } from '../../../../src/sentry/sampler.ts';
import { S, S2, T, T2 } from '../headers.ts';

const all = new ForeignPropagator(FOREIGN_FORMATS);

function read(propagator: ForeignPropagator, headers: object, from = ROOT_CONTEXT): Context {
  return propagator.extract(from, headers, defaultTextMapGetter);
}

function write(
  propagator: { inject: ForeignPropagator['inject'] },
  context: Context,
): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, defaultTextMapSetter);
  return headers;
}

describe('the formats that OTEL_PROPAGATORS names', () => {
  it('are all written, with the ids and the decision of traceparent', () => {
    const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: T, spanId: S, traceFlags: 1 });
    expect(write(all, context)).toEqual({
      b3: `${T}-${S}-1`,
      'x-b3-traceid': T,
      'x-b3-spanid': S,
      'x-b3-sampled': '1',
      'uber-trace-id': `${T}:${S}:0:1`,
      'x-amzn-trace-id': `Root=1-${T.slice(0, 8)}-${T.slice(8)};Parent=${S};Sampled=1`,
      'x-datadog-trace-id': '9532127138774266268',
      'x-datadog-parent-id': '13235353014750950193',
      'x-datadog-sampling-priority': '1',
      'x-datadog-tags': `_dd.p.tid=${T.slice(0, 16)}`,
      'MT-Activity-Id': `00-${T}-${S}-01`,
      googclient_traceparent: `00-${T}-${S}-01`,
    });
  });

  it('are read in their order, and only they', () => {
    const headers = { b3: `${T}-${S}-1`, 'uber-trace-id': `${T2}:${S2}:0:1` };
    const traceIdBy = (...formats: ('b3' | 'jaeger' | 'xray')[]) =>
      trace.getSpanContext(read(new ForeignPropagator(formats), headers))?.traceId;
    expect(traceIdBy('b3', 'jaeger')).toBe(T);
    expect(traceIdBy('jaeger', 'b3')).toBe(T2);
    expect(traceIdBy('xray')).toBeUndefined();
    expect(trace.getSpanContext(read(all, { ...headers, b3: 'x' }))?.traceId).toBe(T2);
  });

  it('yield to traceparent and sentry-trace, and keep the context where there is nothing', () => {
    const { openTelemetry } = resolveConfig({ OTEL_PROPAGATORS: 'jaeger,b3,tracecontext,baggage' }).config;
    const propagator = createPropagator(new SentryPropagator(openTelemetry), openTelemetry);
    const b3 = `${T}-${S}-1`;
    const traceIdOf = (headers: object, from = ROOT_CONTEXT) =>
      trace.getSpanContext(propagator.extract(from, headers, defaultTextMapGetter))?.traceId;
    expect(traceIdOf({ b3 })).toBe(T);
    expect(traceIdOf({ b3, traceparent: `00-${T2}-${S2}-01` })).toBe(T2);
    expect(traceIdOf({ b3, 'sentry-trace': `${T2}-${S2}-1` })).toBe(T2);
    const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: T2, spanId: S2, traceFlags: 1 });
    expect(traceIdOf({}, context)).toBe(T2);
    expect(Object.keys(write(propagator, context))).toEqual([
      'uber-trace-id',
      'b3',
      'traceparent',
      'sentry-trace',
    ]);
  });

  it('are read from names in any case, the lowercase one first', () => {
    const headers = { 'x-b3-traceid': T, 'X-B3-TRACEID': T2, 'X-B3-SpanId': S, 'X-b3-Sampled': '0' };
    for (const getter of [defaultTextMapGetter, AmqpHeaders]) {
      const context = all.extract(ROOT_CONTEXT, headers, getter as typeof defaultTextMapGetter);
      expect(trace.getSpanContext(context)).toMatchObject({ traceId: T, spanId: S, traceFlags: 0 });
    }
    expect(AmqpHeaders.get(headers, 'X-B3-TRACEID')).toBe(T);
  });

  it('are read from a message whose header is there in several spellings, the last valid one', () => {
    const { ignoredValues } = propagationCounters;
    const headers = { B3: `${T2}-${S2}-1`, 'Uber-Trace-Id': null };
    const messages = AmqpHeaders as typeof defaultTextMapGetter;
    expect(readForeign(headers, messages)?.traceId).toBe(T2);
    expect(readForeign({ B3: null, 'Uber-Trace-Id': null }, messages)).toBeUndefined();
    // Each value once, although names are looked up in any case.
    expect(propagationCounters.ignoredValues - ignoredValues).toBe(2);
    const mixed = { 'X-B3-TraceId': T2, 'X-B3-TRACEID': T, 'X-B3-SpanId': S };
    expect(readForeign(mixed, messages)?.traceId).toBe(T);
  });

  it('say of an unrecorded span what traceparent says', () => {
    const traceState = new SentryTraceState({ otelSampled: true, otelDecided: false });
    const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: T, spanId: S, traceFlags: 0, traceState });
    expect(write(new ForeignPropagator(['b3']), context)).toEqual({ b3: `${T}-${S}-1` });
  });

  it('pass an open decision on as it came', () => {
    const context = read(all, { b3: `${T}-${S}` });
    expect(write(all, context)).toMatchObject({ b3: `${T}-${S}`, 'uber-trace-id': `${T}:${S}:0:1` });
    expect(write(all, context)).not.toHaveProperty('x-b3-sampled');
    expect(write(all, context)).not.toHaveProperty('x-datadog-sampling-priority');
    expect(write(all, read(all, { b3: `${T}-${S}-0` })).b3).toBe(`${T}-${S}-0`);
  });

  it("pass B3's debug on within its trace, and not to another", () => {
    const b3 = new ForeignPropagator(['b3']);
    const context = read(b3, { b3: `${T}-${S}-d` });
    const child = trace.setSpanContext(context, { traceId: T, spanId: S2, traceFlags: 1 });
    expect(write(b3, child)).toEqual({ b3: `${T}-${S2}-d` });
    const other = trace.setSpanContext(context, { traceId: T2, spanId: S2, traceFlags: 1 });
    expect(write(b3, other)).toEqual({ b3: `${T2}-${S2}-1` });
  });

  it('are not written for suppressed tracing, without a span and for invalid ids (behaviour 39)', () => {
    const ids = { traceId: T, spanId: S, traceFlags: 1 };
    const standIn = Object.assign(trace.wrapSpanContext(ids), { [NO_INJECTION]: true });
    expect(write(all, trace.setSpan(ROOT_CONTEXT, standIn))).toEqual({});
    expect(write(all, suppressTracing(trace.setSpanContext(ROOT_CONTEXT, ids)))).toEqual({});
    expect(write(all, ROOT_CONTEXT)).toEqual({});
    expect(write(all, trace.setSpanContext(ROOT_CONTEXT, { ...ids, traceId: '0'.repeat(32) }))).toEqual({});
  });

  it('never throw: a carrier that does is counted', () => {
    const thrower = () => {
      throw new Error('hostile');
    };
    const { carrierErrors, droppedOutbound } = propagationCounters;
    const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: T, spanId: S, traceFlags: 1 });
    new ForeignPropagator(['b3', 'jaeger']).inject(context, {}, { set: thrower });
    expect(all.extract(context, {}, { keys: thrower, get: thrower })).toBe(context);
    expect(all.extract(context, {}, { keys: () => ['b3'], get: thrower })).toBe(context);
    all.inject({ ...ROOT_CONTEXT, getValue: thrower }, {}, defaultTextMapSetter);
    expect(propagationCounters.carrierErrors - carrierErrors).toBe(5);
    expect(propagationCounters.droppedOutbound - droppedOutbound).toBe(2);
  });
});

describe('a message without headers of ours', () => {
  it('takes the format that speaks of the message before what infrastructure adds', () => {
    const formats: [string, (id: string) => Record<string, unknown>][] = [
      ['1', (id) => ({ 'MT-Activity-Id': `00-${id}-${S}-01` })],
      ['2', (id) => ({ googclient_traceparent: `00-${id}-${S}-01` })],
      ['3', (id) => ({ b3: `${id}-${S}-1` })],
      ['4', (id) => ({ 'x-b3-traceid': id, 'x-b3-spanid': S })],
      ['5', (id) => ({ 'uber-trace-id': `${id}:${S}:0:1` })],
      ['6', () => ({ 'x-datadog-trace-id': '6', 'x-datadog-parent-id': '6' })],
      ['7', (id) => ({ 'x-amzn-trace-id': `Root=1-${id.slice(0, 8)}-${id.slice(8)};Parent=${S}` })],
    ];
    let headers = {};
    for (const [digit, write] of formats.toReversed()) {
      headers = { ...headers, ...write(digit.repeat(32)) };
      expect(readForeign(headers, defaultTextMapGetter)?.traceId.at(-1)).toBe(digit);
    }
  });
});

describe('a decision in a foreign header', () => {
  /** A span started below a b3 header, with OpenTelemetry's and Sentry's own decisions for new traces. */
  function consume(b3: string, own: { openTelemetry: boolean; sentry: boolean }): Span {
    const client = new NodeClient({
      dsn: 'https://public@o42.ingest.example.com/1',
      tracesSampleRate: own.sentry ? 1 : 0,
      integrations: [],
      stackParser: () => [],
      transport: (options) => createTransport(options, async () => ({ statusCode: 200 })),
    });
    const root = own.openTelemetry ? new AlwaysOnSampler() : new AlwaysOffSampler();
    const sampler = new SentrySampler(client, { delegate: new ParentBasedSampler({ root }) });
    const parent = readForeign({ b3 }, defaultTextMapGetter);
    if (parent === undefined) throw new Error(`nothing read from ${b3}`);
    const tracer = new TracerProvider({ sampler }).getTracer('test');
    return tracer.startSpan('process orders', {}, trace.setSpanContext(ROOT_CONTEXT, parent));
  }

  it.each([
    { b3: `${T}-${S}-1`, own: { openTelemetry: false, sentry: false }, flags: 1, sentry: false },
    { b3: `${T}-${S}-0`, own: { openTelemetry: true, sentry: true }, flags: 0, sentry: true },
    { b3: `${T}-${S}`, own: { openTelemetry: true, sentry: false }, flags: 1, sentry: false },
    { b3: `${T}-${S}`, own: { openTelemetry: false, sentry: true }, flags: 0, sentry: true },
  ])(
    'binds OpenTelemetry and leaves Sentry free: $b3 where both would say $own',
    ({ b3, own, ...expected }) => {
      const span = consume(b3, own).spanContext();
      expect(span).toMatchObject({ traceId: T, traceFlags: expected.flags });
      expect(SentryTraceState.of(span)?.sentry).toMatchObject({ sampled: expected.sentry });
      expect(SentryTraceState.of(span)?.sentry.dsc).toBeUndefined();
      expect(span.traceState?.serialize()).toBe('');
    },
  );
});
