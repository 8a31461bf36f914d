import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepTraceContext } from '../../../../src/messaging/headers.ts';
import { startPublication } from '../../../../src/messaging/publication.ts';
import { linked, S, TRACEPARENT, traceparentOf, useTelemetry } from './telemetry.ts';

const telemetry = useTelemetry();
const publish = (headers: Record<string, unknown>) =>
  startPublication(telemetry.tracer, {
    system: 'kafka',
    operation: 'send',
    destination: { name: 'orders' },
    headers,
  });

describe('headers of the application', () => {
  it('never change', () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(fc.string()),
      fc.uint8Array(),
    );
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom('traceparent', 'TRACEPARENT', 'baggage', 'sentry-trace', '__proto__', 'constructor'),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), (headers) => {
        const before = structuredClone(headers);
        for (const nested of Object.values(headers)) Object.freeze(Array.isArray(nested) ? nested : {});
        publish(Object.freeze(headers)).end();
        expect(headers).toEqual(before);
      }),
    );
  });

  it('all reach the message, but for those of propagation', () => {
    const fields = [...propagation.fields(), 'sentry-task-enqueued-time'];
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (headers) => {
        fc.pre(!Object.keys(headers).some((name) => fields.includes(name.toLowerCase())));
        expect(publish(headers).headers).toMatchObject(headers);
      }),
    );
  });

  it('shared by several messages give each a context of its own', () => {
    const shared = { shop: 'berlin' };
    const sent = [publish(shared), publish(shared)].map(({ headers, end }) => {
      end();
      return headers?.traceparent;
    });
    expect(sent).toEqual(telemetry.spans().map(traceparentOf));
    expect(shared).toEqual({ shop: 'berlin' });
  });
});

describe('a context that the application put on a message on purpose', () => {
  it('stays there and is linked', () => {
    const marked = keepTraceContext({ traceparent: TRACEPARENT });
    const { headers, end } = publish({ ...marked, shop: 'berlin' });
    end();
    expect({ ...headers }).toEqual({ ...marked, shop: 'berlin' });
    expect(linked(telemetry.span())).toEqual([S]);
  });

  it('of another tracing system stays, too', () => {
    const b3 = `${TRACEPARENT.slice(3, 35)}-${S}-1`;
    const { headers, end } = publish(keepTraceContext({ b3 }));
    end();
    expect(Object.keys(headers ?? {})).toEqual(['b3']);
    expect(linked(telemetry.span())).toEqual([S]);
  });

  it('is marked on a copy, and the mark is none of the headers', () => {
    const headers = Object.freeze({ traceparent: TRACEPARENT });
    const marked = keepTraceContext(headers);
    expect(marked).not.toBe(headers);
    expect(Object.entries(marked)).toEqual(Object.entries(headers));
    expect(JSON.stringify(marked)).toBe(JSON.stringify(headers));
  });

  it.each([{}, { traceparent: 'nonsense' }])('that is none (%j) gives way to the span', (none) => {
    const { headers, end } = publish(keepTraceContext(none));
    end();
    expect(headers?.traceparent).toBe(traceparentOf(telemetry.span()));
  });
});

describe('a message whose context the application injected by hand', () => {
  const byHand = (kind: SpanKind, attributes = {}) =>
    telemetry.tracer.startActiveSpan('by hand', { kind, attributes }, (span) => {
      const headers = {};
      propagation.inject(context.active(), headers);
      const publication = publish(headers);
      publication.end();
      span.end();
      return { headers, publication };
    });

  it.each([
    ['a producer span', SpanKind.PRODUCER, {}],
    ['a span that Sentry knows as one', SpanKind.INTERNAL, { 'sentry.op': 'queue.publish' }],
  ])('from %s goes out as it is, without a second span', (_title, kind, attributes) => {
    const { headers, publication } = byHand(kind, attributes);
    expect(publication.headers).toBe(headers);
    expect(telemetry.span().name).toBe('by hand');
  });

  it('from any other span gets a producer span below it, and no link', () => {
    const { publication } = byHand(SpanKind.SERVER);
    const [producer, server] = telemetry.spans();
    expect(producer).toMatchObject({ kind: SpanKind.PRODUCER, parentSpanContext: server?.spanContext() });
    expect(producer?.links).toEqual([]);
    expect(publication.headers?.traceparent).toBe(producer && traceparentOf(producer));
  });

  it('and then forwarded below another producer span is replaced', () => {
    const stale = { traceparent: TRACEPARENT };
    const span = telemetry.tracer.startSpan('by hand', { kind: SpanKind.PRODUCER });
    const { headers } = context.with(trace.setSpan(context.active(), span), () => publish(stale));
    expect(headers?.traceparent).not.toBe(TRACEPARENT);
  });
});
