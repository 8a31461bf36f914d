import { describe, expect, it } from 'vitest';
import { formatTraceParent, parseTraceParent } from '../../../propagators/trace-context.ts';

const T = '12345678901234567890123456789012';
const S = '1234567890123456';

describe('traceparent (W3C Trace Context level 2)', () => {
  it.each([
    ['sampled', `00-${T}-${S}-01`, { sampled: true, random: false }],
    ['not sampled', `00-${T}-${S}-00`, { sampled: false, random: false }],
    [
      'sampled and random, as OpenTelemetry Python roots send it',
      `00-${T}-${S}-03`,
      { sampled: true, random: true },
    ],
    ['random only', `00-${T}-${S}-02`, { sampled: false, random: true }],
    ['unknown flags beside sampled', `00-${T}-${S}-fd`, { sampled: true, random: false }],
    ['a future version', `cc-${T}-${S}-01`, { sampled: true, random: false }],
    [
      'a future version with more fields',
      `cc-${T}-${S}-01-what-the-future-will-be-like`,
      { sampled: true, random: false },
    ],
  ])('reads %s', (_name, text, flags) => {
    expect(parseTraceParent(text)).toEqual({ traceId: T, spanId: S, ...flags });
  });

  it.each([
    ['version ff', `ff-${T}-${S}-01`],
    ['version 00 with a trailing character', `00-${T}-${S}-01.`],
    ['version 00 with more fields', `00-${T}-${S}-01-what-the-future-will-be-like`],
    ['a future version followed by no dash', `cc-${T}-${S}-01.what-the-future-will-be-like`],
    ['an illegal character in the version', `.0-${T}-${S}-01`],
    ['an illegal character at the version end', `0.-${T}-${S}-01`],
    ['a version of three digits', `000-${T}-${S}-01`],
    ['a version of four digits', `0000-${T}-${S}-01`],
    ['a version of one digit', `0-${T}-${S}-01`],
    ['an all-zero trace id', `00-${'0'.repeat(32)}-${S}-01`],
    ['an illegal character in the trace id', `00-.2345678901234567890123456789012-${S}-01`],
    ['an illegal character at the trace id end', `00-1234567890123456789012345678901.-${S}-01`],
    ['a trace id too long', `00-${T}3-${S}-01`],
    ['a trace id too short', `00-${T.slice(1)}-${S}-01`],
    ['an uppercase trace id', `00-ABCDEF78901234567890123456789012-${S}-01`],
    ['an all-zero parent id', `00-${T}-${'0'.repeat(16)}-01`],
    ['an illegal character in the parent id', `00-${T}-.234567890123456-01`],
    ['an illegal character at the parent id end', `00-${T}-123456789012345.-01`],
    ['a parent id too long', `00-${T}-${S}7-01`],
    ['a parent id too short', `00-${T}-${S.slice(1)}-01`],
    ['illegal flags', `00-${T}-${S}-.0`],
    ['illegal flags at the end', `00-${T}-${S}-0.`],
    ['flags too long', `00-${T}-${S}-001`],
    ['flags too short', `00-${T}-${S}-1`],
    ['two headers joined by a proxy', `00-${T}-${S}-01, 00-${T}-${S}-01`],
    ['a trailing line feed', `00-${T}-${S}-01\n`],
    ['nothing', ''],
  ])('takes no part of one with %s', (_name, text) => {
    expect(parseTraceParent(text)).toBeUndefined();
  });

  it('writes version 00 with the sampled and random flags only', () => {
    expect(formatTraceParent(T, S, 0x01, false)).toBe(`00-${T}-${S}-01`);
    expect(formatTraceParent(T, S, 0x00, true)).toBe(`00-${T}-${S}-02`);
    expect(formatTraceParent(T, S, 0xff, false)).toBe(`00-${T}-${S}-03`);
  });
});
