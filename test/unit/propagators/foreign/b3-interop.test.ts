import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { describe, expect, it } from 'vitest';
import { ForeignPropagator } from '../../../../propagators/foreign/index.ts';
import { S, T } from '../headers.ts';

const FORMATS = [
  ['b3', B3InjectEncoding.SINGLE_HEADER],
  ['b3multi', B3InjectEncoding.MULTI_HEADER],
] as const;

describe.each(FORMATS)("%s beside OpenTelemetry's B3 propagator", (format, injectEncoding) => {
  const ours = new ForeignPropagator([format]);
  const theirs = new B3Propagator({ injectEncoding });

  it.each([0, 1])('writes the same headers for flags %d, and each reads the other', (traceFlags) => {
    const ids = { traceId: T, spanId: S, traceFlags };
    const context = trace.setSpanContext(ROOT_CONTEXT, ids);
    const written = [ours, theirs].map((propagator) => {
      const headers: Record<string, string> = {};
      propagator.inject(context, headers, defaultTextMapSetter);
      return headers;
    });
    expect(written[0]).toEqual(written[1]);
    for (const reader of [ours, theirs]) {
      const received = trace.getSpanContext(reader.extract(ROOT_CONTEXT, written[0], defaultTextMapGetter));
      expect(received).toMatchObject({ ...ids, isRemote: true });
    }
    expect(ours.fields().toSorted()).toEqual(theirs.fields().toSorted());
  });

  it.each([
    { b3: `${T}-${S}-d` },
    { b3: `${T.slice(16)}-${S}-1` },
    { b3: `${T}-${S}-0`, 'x-b3-traceid': '1'.repeat(32), 'x-b3-spanid': S, 'x-b3-sampled': '1' },
    { 'x-b3-traceid': T.slice(16), 'x-b3-spanid': S, 'x-b3-sampled': 'true' },
    { 'x-b3-traceid': T, 'x-b3-spanid': S, 'x-b3-sampled': '0' },
    { 'x-b3-traceid': T, 'x-b3-spanid': S, 'x-b3-flags': '1' },
    { 'x-b3-traceid': T, 'x-b3-spanid': '0'.repeat(16), 'x-b3-sampled': '1' },
    { b3: '0' },
    {},
  ])('reads %j as it does, whichever of the two it writes', (headers) => {
    const [own, other] = [ours, theirs].map((propagator) =>
      trace.getSpanContext(propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)),
    );
    expect(own && { ...own, traceState: undefined }).toEqual(other && { ...other, traceState: undefined });
  });

  it('passes debug on, as it does', () => {
    const received = { 'x-b3-traceid': T, 'x-b3-spanid': S, 'x-b3-flags': '1' };
    const [own, other] = [ours, theirs].map((propagator) => {
      const context = propagator.extract(ROOT_CONTEXT, received, defaultTextMapGetter);
      const headers: Record<string, string> = {};
      propagator.inject(context, headers, defaultTextMapSetter);
      return headers;
    });
    // Theirs mixes up its own two encodings of the flag: from multiple headers it writes `b3: …-1`.
    expect(own).toEqual(format === 'b3' ? { b3: `${T}-${S}-d` } : received);
    expect(other).toEqual(format === 'b3' ? { b3: `${T}-${S}-1` } : received);
  });
});
