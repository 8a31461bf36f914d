import { describe, expect, it } from 'vitest';
import { formatSentryTrace, parseSentryTrace } from '../../../propagators/sentry-trace.ts';

const T = '0af7651916cd43dd8448eb211c80319c';
const S = 'b7ad6b7169203331';

describe('sentry-trace', () => {
  it.each([
    [`${T}-${S}-1`, true],
    [`${T}-${S}-0`, false],
    [`${T}-${S}`, undefined],
  ])('reads and writes %s', (text, sampled) => {
    expect(parseSentryTrace(text)).toEqual({ traceId: T, spanId: S, sampled });
    expect(formatSentryTrace(T, S, sampled)).toBe(text);
  });

  it.each([
    ['a trace id alone', T],
    ['a flag that is none', `${T}-${S}-2`],
    ['an empty flag', `${T}-${S}-`],
    ['more after the flag', `${T}-${S}-1-x`],
    ['uppercase ids', `${T.toUpperCase()}-${S}-1`],
    ['a zero trace id', `${'0'.repeat(32)}-${S}-1`],
    ['a zero span id', `${T}-${'0'.repeat(16)}-1`],
    ['a traceparent', `00-${T}-${S}-01`],
    ['two headers joined', `${T}-${S}-1,${T}-${S}-1`],
    ['a trailing line feed', `${T}-${S}-1\n`],
  ])('takes no part of %s (behaviour 8)', (_name, text) => {
    expect(parseSentryTrace(text)).toBeUndefined();
  });
});
