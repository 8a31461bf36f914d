import { beforeAll, describe, test } from 'vitest';
import { nodeBinary } from '../../support/nodes.ts';
import { expectArrived, expectSameEnd } from './end.ts';
import { wayToEnd } from './ways-to-end.ts';

const WAYS = [
  'a natural end',
  'process.exit',
  'an uncaught exception',
  'an unhandled rejection',
  'an unhandled rejection with a listener',
  'a signal without a listener',
  'a signal with a listener that closes',
  'a signal with a listener that raises it again',
].map(wayToEnd);

describe.each([22, 26] as const)(
  'on Node %s a process ends as without us, and everything arrives',
  (major) => {
    let binary = '';
    beforeAll(async () => {
      binary = await nodeBinary(major);
    });

    test.concurrent.each(WAYS.map((way) => [way.name, way] as const))('%s', async (_, way) => {
      await using sink = await expectSameEnd(way, {
        backend: 'answers',
        budgetMs: 10_000,
        nodeBinary: binary,
        ...(way.bySignal && { signal: 'SIGTERM' }),
      });
      expectArrived(sink, way);
    });
  },
);
