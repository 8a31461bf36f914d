import {
  InstrumentationBase,
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { expect, it } from 'vitest';
import { instrumentedModules } from '../../../src/instrumentations/instrumented-modules.ts';

class Patching extends InstrumentationBase {
  declare private readonly modules: Readonly<Record<string, readonly string[]>>;

  constructor(modules: Readonly<Record<string, readonly string[]>>) {
    super('test', '1', { enabled: false });
    this.modules = modules;
  }

  protected override init(): InstrumentationNodeModuleDefinition[] {
    return Object.entries(this.modules ?? {}).map(
      ([name, files]) =>
        new InstrumentationNodeModuleDefinition(
          name,
          ['*'],
          undefined,
          undefined,
          files.map(
            (file) =>
              new InstrumentationNodeModuleFile(
                file,
                ['*'],
                () => undefined,
                () => undefined,
              ),
          ),
        ),
    );
  }
}

it("Node's own modules are told apart from packages, whichever way they are written", () => {
  const { builtins, include } = instrumentedModules([
    new Patching({ http: [], 'node:dns/promises': [], express: [] }),
  ]);
  expect(builtins).toEqual(['http', 'dns/promises']);
  expect(include).toEqual(['express']);
});

it("a package's own files are found by their URLs, and only they", () => {
  const { include } = instrumentedModules([new Patching({ hono: ['hono/dist/context.js'] })]);
  const [name, pattern] = include;
  expect(name).toBe('hono');
  expect(pattern).toBeInstanceOf(RegExp);
  expect('file:///app/node_modules/.pnpm/hono@4/node_modules/hono/dist/context.js').toMatch(
    pattern as RegExp,
  );
  expect('file:///app/node_modules/hono/dist/contextxjs').not.toMatch(pattern as RegExp);
  expect('file:///app/node_modules/my-hono/dist/context.js').not.toMatch(pattern as RegExp);
  expect('file:///app/node_modules/hono/dist/context.js.map').not.toMatch(pattern as RegExp);
});

it('a file of the application is named by its URL', () => {
  const { include } = instrumentedModules([new Patching({ '/var/task/my handler.mjs': ['handler'] })]);
  expect(include).toContain('file:///var/task/my%20handler.mjs');
});

it('an instrumentation that patches nothing adds nothing', () =>
  expect(instrumentedModules([new Patching({})])).toEqual({ builtins: [], include: [] }));
