import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { describe, expect, it } from 'vitest';
import { instrumentedModules } from '../../../src/instrumentations/instrumented-modules.ts';
import { INSTRUMENTATIONS } from '../../../src/instrumentations/table.ts';

const metapackage = new URL(
  '../../../node_modules/@opentelemetry/auto-instrumentations-node/package.json',
  import.meta.url,
);

it('covers all of auto-instrumentations-node but host metrics, two of them by its own', () => {
  const { dependencies } = JSON.parse(readFileSync(metapackage, 'utf8')) as { dependencies: object }; // npm's format
  const theirs = Object.keys(dependencies).filter((name) => name.includes('/instrumentation-'));
  const ours = INSTRUMENTATIONS.map(({ packageName }) => packageName);
  expect(theirs.filter((name) => !ours.includes(name)).toSorted()).toEqual([
    '@opentelemetry/instrumentation-amqplib',
    '@opentelemetry/instrumentation-host-metrics',
    '@opentelemetry/instrumentation-kafkajs',
  ]);
  expect(ours.filter((name) => !theirs.includes(name)).toSorted()).toEqual([
    '@acme/otel-sentry/amqplib',
    '@acme/otel-sentry/kafkajs',
    '@fastify/otel',
  ]);
});

describe.each(INSTRUMENTATIONS.map((entry) => [entry.name, entry] as const))('%s', (_name, entry) => {
  it('is loaded for each package that it patches', () => {
    const instrumentation = new (entry.load())({ ...entry.defaults, enabled: false });
    const patched = instrumentedModules([instrumentation]).include.filter(
      (module) => typeof module === 'string',
    );
    for (const name of patched) {
      const packages = {
        has: (asked: string) => asked === name,
        declares: () => false,
        folder: () => undefined,
        version: () => undefined,
      };
      expect(entry.when({ packages, env: {}, metrics: false }), name).toBe(true);
      expect(isBuiltin(name)).toBe(false);
    }
  });
});
