import { describe, expect, test } from 'vitest';
import { expectArrived, expectSameEnd } from './end.ts';
import { WAYS_TO_END, type WayToEnd } from './ways-to-end.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

interface Case {
  readonly way: WayToEnd;
  readonly signal?: NodeJS.Signals;
  readonly title: string;
}

const cases = (signals: readonly NodeJS.Signals[]): Case[] =>
  WAYS_TO_END.flatMap((way) =>
    way.bySignal
      ? signals.map((signal) => ({ way, signal, title: way.name.replace('a signal', signal) }))
      : [{ way, title: way.name }],
  );

describe('with a backend that answers, everything arrives once and the process ends as without us', () => {
  test.concurrent.each(cases(SIGNALS))('$title', async ({ way, signal }) => {
    await using sink = await expectSameEnd(way, {
      backend: 'answers',
      budgetMs: 10_000,
      ...(signal && { signal }),
    });
    expectArrived(sink, way);
  });
});

describe('with a backend that refuses connections, the process ends as without us', () => {
  test.concurrent.each(cases(['SIGTERM']))('$title', async ({ way, signal }) => {
    await using _sink = await expectSameEnd(way, {
      backend: 'refuses',
      budgetMs: 10_000,
      ...(signal && { signal }),
    });
  });
});

describe('with a backend that never answers, the process ends as without us and within the budget', () => {
  test.concurrent.each(cases(['SIGTERM']))('$title', async ({ way, signal }) => {
    await using sink = await expectSameEnd(way, {
      backend: 'hangs',
      budgetMs: 500,
      ...(signal && { signal }),
    });
    expect(sink.requests.map(({ outcome }) => outcome)).toContain('hung');
  });
});
