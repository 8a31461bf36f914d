import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, KINDS, type Kind, startChain } from './chain.ts';

const TRACES = 500;
const RATE = 0.1;
/** Five standard deviations of a binomial distribution to either side: one failure in two million. */
const FEWEST = 17;
const MOST = 84;

const MIXES = KINDS.flatMap((head) => KINDS.map((tail) => ({ head, tail })));

/** What OTLP gets from a service without and with Sentry beside it: nothing is lost that was there before. */
function inOtlp(kind: Kind, upstream: Kind | undefined): 'all' | "Sentry's" | 'none' {
  if (kind === 'Sentry alone') return 'none';
  if (kind === 'coupled') return "Sentry's";
  // A coupled service upstream tells in `traceparent` that the trace isn't recorded, as any sampled one would.
  return upstream === 'coupled' ? "Sentry's" : 'all';
}

describe(`${TRACES} traces at ${RATE * 100} %`, () => {
  let chain: Chain;
  const traces = new Map<string, ReadonlySet<string>>();

  beforeAll(async () => {
    chain = await startChain(RATE);
    for (const { head, tail } of MIXES) traces.set(`${head} ${tail}`, await chain.trace(head, tail, TRACES));
    await chain.stop();
  }, 180_000);
  afterAll(() => chain?.[Symbol.asyncDispose]());

  describe.each(MIXES)('from $head to $tail', ({ head, tail }) => {
    const ofMix = () => traces.get(`${head} ${tail}`) ?? new Set<string>();

    it('are the same in Sentry at both ends', () => {
      expect(ofMix().size).toBe(TRACES);
      const [atHead, atTail] = [
        chain.arrived(ofMix(), 'sentry', 'head'),
        chain.arrived(ofMix(), 'sentry', 'tail'),
      ];
      expect(atTail).toEqual(atHead);
      expect(atHead.size).toBeGreaterThanOrEqual(FEWEST);
      expect(atHead.size).toBeLessThanOrEqual(MOST);
    });

    it('are in OTLP wherever they would be without Sentry', () => {
      const sentrys = chain.arrived(ofMix(), 'sentry', 'head');
      const expected = { all: ofMix(), "Sentry's": sentrys, none: new Set() };
      expect(chain.arrived(ofMix(), 'otlp', 'head')).toEqual(expected[inOtlp(head, undefined)]);
      expect(chain.arrived(ofMix(), 'otlp', 'tail')).toEqual(expected[inOtlp(tail, head)]);
    });

    it('keep one sample_rand from end to end', () => {
      const rands = new Map<string, Set<unknown>>();
      for (const { traceId, dsc } of chain.sink.spans({ source: 'sentry', kind: 'server' })) {
        // Sentry's SDK drops trailing zeros.
        const rand = Number(dsc?.sample_rand);
        if (ofMix().has(traceId)) rands.set(traceId, (rands.get(traceId) ?? new Set()).add(rand));
      }
      for (const [traceId, values] of rands) expect(values.size, traceId).toBe(1);
    });
  });

  it('are described in the documentation as they are here', () => {
    const rows = MIXES.map(({ head, tail }) => [
      head,
      tail,
      'the same',
      inOtlp(head, undefined),
      inOtlp(tail, head),
    ]);
    const documentation = readFileSync('docs/existing-opentelemetry.md', 'utf8');
    const documented = [...documentation.matchAll(/^\| ((?:[^|\n]+\|){5})$/gm)].map(([, row = '']) =>
      row
        .split('|')
        .slice(0, 5)
        .map((cell) => cell.trim()),
    );
    expect(documented).toEqual(expect.arrayContaining(rows));
  });
});
