import { describe, expect, it } from 'vitest';
import type { AppPackages } from '../../../src/app-packages.ts';
import { isWanted, namedInEnvironment, type Wish } from '../../../src/instrumentations/selection.ts';
import { INSTRUMENTATIONS } from '../../../src/instrumentations/table.ts';

const KNOWN = new Set(INSTRUMENTATIONS.map(({ name }) => name));

function packagesWith(...names: string[]): AppPackages {
  return {
    has: (name) => names.includes(name),
    declares: (name) => names.includes(name),
    folder: () => undefined,
    version: () => undefined,
  };
}

interface Case {
  readonly env?: NodeJS.ProcessEnv;
  readonly packages?: readonly string[];
  readonly metrics?: boolean;
  readonly wish?: Wish;
}

function wanted({ env = {}, packages = [], metrics = false, wish = 'unsaid' }: Case = {}): string[] {
  const named = namedInEnvironment(env, KNOWN, () => undefined);
  const situation = { packages: packagesWith(...packages), env, metrics };
  return INSTRUMENTATIONS.filter((entry) => isWanted(entry, wish, named, situation)).map(({ name }) => name);
}

describe('without configuration', () => {
  it('an application without packages has its HTTP instrumented', () =>
    expect(wanted()).toEqual(['http', 'undici']));

  it('a package of the application adds its instrumentation', () =>
    expect(wanted({ packages: ['express', 'pg-pool'] })).toEqual(['http', 'undici', 'express', 'pg']));

  it('Express 5 is not instrumented twice, by its router too', () => {
    expect(wanted({ packages: ['express', 'router'] })).not.toContain('router');
    expect(wanted({ packages: ['router'] })).toContain('router');
  });

  it('Fastify is left to an application that brings @fastify/otel', () => {
    expect(wanted({ packages: ['fastify'] })).toContain('fastify');
    expect(wanted({ packages: ['fastify', '@fastify/otel'] })).not.toContain('fastify');
  });

  it("Node's runtime metrics are collected only where metrics go somewhere", () =>
    expect(wanted({ metrics: true })).toContain('runtime-node'));

  it('a Lambda function is instrumented where the Lambda runtime is', () =>
    expect(wanted({ env: { LAMBDA_TASK_ROOT: '/var/task', _HANDLER: 'index.handler' } })).toContain(
      'aws-lambda',
    ));
});

describe('OTEL_NODE_ENABLED_INSTRUMENTATIONS', () => {
  it('leaves out what it does not name', () =>
    expect(
      wanted({ env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: ' http, pg' }, packages: ['pg', 'express'] }),
    ).toEqual(['http', 'pg']));

  it('adds what is off by default', () =>
    expect(wanted({ env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'fs,net,dns' } })).toEqual([
      'net',
      'dns',
      'fs',
    ]));

  it('does not load what the application has not', () =>
    expect(wanted({ env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'express' } })).toEqual([]));

  it('counts as unset when it is empty', () =>
    expect(wanted({ env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: ' ' } })).toEqual(['http', 'undici']));
});

describe('OTEL_NODE_DISABLED_INSTRUMENTATIONS', () => {
  it('leaves out what it names', () =>
    expect(wanted({ env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'undici' } })).toEqual(['http']));

  it('beats the enabled ones', () =>
    expect(
      wanted({
        env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http', OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http' },
      }),
    ).toEqual([]));
});

describe('the configuration beats both', () => {
  it('enabled: true loads what is not found', () => expect(wanted({ wish: 'on' })).toHaveLength(KNOWN.size));
  it('enabled: false loads nothing', () =>
    expect(wanted({ wish: 'off', env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http' } })).toEqual([]));
});

it('names in the environment that do not exist are told, one line each', () => {
  const lines: string[] = [];
  namedInEnvironment(
    { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,htp', OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'kafka' },
    KNOWN,
    (line) => lines.push(line),
  );
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(
    /^OTEL_NODE_ENABLED_INSTRUMENTATIONS: unknown instrumentation \(got "htp", expected http,/,
  );
  expect(lines[1]).toMatch(/^OTEL_NODE_DISABLED_INSTRUMENTATIONS: unknown instrumentation \(got "kafka",/);
});
