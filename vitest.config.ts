import { defineConfig } from 'vitest/config';
import { GENERATIONS, type Generation } from './test/generations/generations.ts';

/** What the shop of five services has to do in every generation. */
const SHOP = ['trace', 'errors', 'sampling', 'messaging'].map((name) => `test/e2e/${name}.test.ts`);

/** The bridge's own tests, which run on Sentry 11 among those of integration; the last has an SDK of its own. */
const onSentry10: Readonly<Record<string, readonly string[]>> = {
  'sentry10-preload': ['sampled', 'sampling', 'static'].map(
    (name) => `test/integration/bridge/${name}.test.ts`,
  ),
  'sentry10-otel3': ['test/integration/bridge/transaction-hooks.test.ts'],
};

function testsOf({ name }: Generation): string[] {
  const types = name.endsWith('preload') ? [] : ['test/generations/types.test.ts'];
  return ['test/generations/installed.test.ts', ...types, ...SHOP, ...(onSentry10[name] ?? [])];
}

const BROKERS = 'test/support/global-setup.ts';
const onBrokers = { globalSetup: [BROKERS], setupFiles: ['test/support/require-brokers.ts'] };

const project = (name: string, more: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...more },
});

/** Kinds of test, told apart by their folder; the last two kinds need brokers. */
export default defineConfig({
  test: {
    // Integration and end-to-end tests start processes; two at a time suit a two-core machine.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      project('unit'),
      project('integration'),
      project('e2e', { ...onBrokers, exclude: SHOP }),
      ...GENERATIONS.map((generation) =>
        project(`generation ${generation.name}`, {
          ...onBrokers,
          globalSetup: [BROKERS, 'test/generations/global-setup.ts'],
          include: testsOf(generation),
          provide: { generation },
        }),
      ),
    ],
  },
});
