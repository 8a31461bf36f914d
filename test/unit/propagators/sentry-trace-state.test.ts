import { TraceState as CoreTraceState } from '@opentelemetry/core';
import { describe, expect, it, vi } from 'vitest';
import { SentryTraceState } from '../../../propagators/sentry-trace-state.ts';
import { parseTraceState } from '../../../propagators/trace-state.ts';

const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

describe('SentryTraceState', () => {
  it('is found on the span context that carries it, and only there', () => {
    const traceState = new SentryTraceState({ sampled: true });
    expect(SentryTraceState.of({ ...ids, traceState })).toBe(traceState);
    expect(SentryTraceState.of({ ...ids, traceState: new CoreTraceState('a=1') })).toBeUndefined();
    expect(SentryTraceState.of(ids)).toBeUndefined();
    expect(SentryTraceState.of(undefined)).toBeUndefined();
  });

  it('is recognised across two copies of the package', async () => {
    vi.resetModules();
    const copy = await import('../../../propagators/sentry-trace-state.ts');
    expect(copy.SentryTraceState).not.toBe(SentryTraceState);
    expect(
      SentryTraceState.of({ ...ids, traceState: new copy.SentryTraceState({ sampled: false }) })?.sentry,
    ).toEqual({
      sampled: false,
    });
  });

  it('replaces Sentry data in a copy and keeps the W3C part', () => {
    const state = new SentryTraceState({ sampled: true, dsc: 'sentry-a=b' }, parseTraceState('congo=1'));
    const next = state.with({ sampled: false });
    expect(next.sentry).toEqual({ sampled: false, dsc: 'sentry-a=b' });
    expect(next.serialize()).toBe('congo=1');
    expect(state.sentry.sampled).toBe(true);
  });

  it('reads and writes the W3C part as any trace state, Sentry data kept', () => {
    const state = new SentryTraceState({ sampled: true });
    expect(state.serialize()).toBe('');
    const next = state.set('congo', '1').set('rojo', '2');
    expect(next.serialize()).toBe('rojo=2,congo=1');
    expect(next.get('congo')).toBe('1');
    expect(next.unset('rojo').serialize()).toBe('congo=1');
    expect(next.sentry).toBe(state.sentry);
    expect(state.get('congo')).toBeUndefined();
  });

  it('neither stores nor serialises sentry keys (behaviour 36)', () => {
    const state = new SentryTraceState({ dsc: 'sentry-a=b' });
    expect(state.set('sentry.dsc', 'x').serialize()).toBe('');
    expect(state.set('sentry', 'x').get('sentry')).toBeUndefined();
    const leaky = { get: () => 'leaked', serialize: () => 'congo=1,sentry.url=http://x,sentry-release=2' };
    const around = new SentryTraceState({}, leaky as unknown as CoreTraceState);
    expect(around.serialize()).toBe('congo=1');
    expect(around.get('sentry.url')).toBeUndefined();
  });
});
