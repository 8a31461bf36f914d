import type { Instrumentation } from '@opentelemetry/instrumentation';
import { describe, expect, it } from 'vitest';
import { appPackages } from '../../../src/app-packages.ts';
import { always, type InstrumentationEntry } from '../../../src/instrumentations/entry.ts';
import { loadInstrumentations } from '../../../src/instrumentations/registry.ts';

const packages = appPackages([]);

/** An instrumentation that only keeps what it was created with. */
class Recorder {
  readonly config: unknown;
  constructor(config?: object) {
    this.config = config;
  }
}

function entry(name: string, load: () => unknown = () => Recorder): InstrumentationEntry {
  return {
    name,
    packageName: `@opentelemetry/instrumentation-${name}`,
    when: always,
    defaults: { quiet: true, level: 1 },
    load: load as () => new () => Instrumentation, // only created, never used
  };
}

function load(entries: InstrumentationEntry[], configs: Record<string, Record<string, unknown>> = {}) {
  const problems: string[] = [];
  const onProblem = (line: string) => problems.push(line);
  return { loaded: loadInstrumentations({ env: {}, packages, configs, onProblem, entries }), problems };
}

describe('loading instrumentations', () => {
  it('gives each its options, over the defaults', () => {
    const { loaded } = load([entry('pg')], { '@opentelemetry/instrumentation-pg': { level: 2 } });
    expect(loaded).toEqual([new Recorder({ quiet: true, level: 2 })]);
  });

  it('does not load what the configuration turns off', () => {
    let loads = 0;
    const load1 = () => {
      loads++;
      return Recorder;
    };
    expect(
      load([entry('pg', load1)], { '@opentelemetry/instrumentation-pg': { enabled: false } }).loaded,
    ).toEqual([]);
    expect(loads).toBe(0);
  });

  it('goes on without one that fails, and says which', () => {
    const failing = () => {
      throw new Error('no such file\nstack');
    };
    const { loaded, problems } = load([entry('pg', failing), entry('koa')]);
    expect(loaded).toHaveLength(1);
    expect(problems).toEqual([
      "@opentelemetry/instrumentation-pg: can't be instrumented (got no such file, expected no error)",
    ]);
  });

  it('tells options that belong to nothing', () => {
    const { problems } = load([entry('pg')], { '@opentelemetry/instrumentation-postgres': {} });
    expect(problems).toEqual([
      'instrumentations: unknown instrumentation (got "@opentelemetry/instrumentation-postgres", expected @opentelemetry/instrumentation-pg)',
    ]);
  });
});
