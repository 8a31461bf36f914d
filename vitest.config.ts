import { defineConfig } from 'vitest/config';

/** Three kinds of test, told apart by their folder; only the last kind needs brokers. */
const project = (name: string, more: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...more },
});

export default defineConfig({
  test: {
    // Integration and end-to-end tests start processes; two at a time suit a two-core machine.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      project('unit'),
      project('integration'),
      project('e2e', {
        globalSetup: ['test/support/global-setup.ts'],
        setupFiles: ['test/support/require-brokers.ts'],
      }),
    ],
  },
});
