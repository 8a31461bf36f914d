import { describe, expect, test } from 'vitest';
import { expectArrived, expectSameEnd } from './end.ts';
import { WAYS_TO_END, type WayToEnd } from './ways-to-end.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

type Case = readonly [title: string, way: WayToEnd, bySignal: { readonly signal?: NodeJS.Signals }];

const cases = (signals: readonly NodeJS.Signals[]): Case[] =>
  WAYS_TO_END.flatMap((way): Case[] =>
    way.bySignal
      ? signals.map((signal) => [way.name.replace('a signal', signal), way, { signal }])
      : [[way.name, way, {}]],
  );

describe('with a backend that answers, everything arrives once and the process ends as without us', () => {
  test.concurrent.each(cases(SIGNALS))('%s', async (_, way, bySignal) => {
    await using sink = await expectSameEnd(way, {
      backend: 'answers',
      budgetMs: 10_000,
      ...bySignal,
    });
    expectArrived(sink, way);
  });
});

describe('with a backend that refuses connections, the process ends as without us', () => {
  test.concurrent.each(cases(['SIGTERM']))('%s', async (_, way, bySignal) => {
    await using _sink = await expectSameEnd(way, {
      backend: 'refuses',
      budgetMs: 10_000,
      ...bySignal,
    });
  });
});

describe('with a backend that never answers, the process ends as without us and within the budget', () => {
  test.concurrent.each(cases(['SIGTERM']))('%s', async (_, way, bySignal) => {
    await using sink = await expectSameEnd(way, {
      backend: 'hangs',
      budgetMs: 1_000,
      ...bySignal,
    });
    expect(sink.requests.map(({ outcome }) => outcome)).toContain('hung');
  });
});
