import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Chunk, chunkCalls } from '../../../scripts/build/chunk-calls.ts';
import { forbidHiddenRequires, onlyImports } from '../../../scripts/build/imports.ts';
import { thirdPartyLicences } from '../../../scripts/build/licences.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bundle-rules-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

async function bundle(...plugins: Plugin[]): Promise<OutputChunk> {
  const build = await rolldown({ cwd: root, input: 'src/index.ts', platform: 'node', plugins });
  const { output } = await build.generate({ format: 'esm' });
  await build.close();
  return output[0];
}

describe('a part that is loaded later', () => {
  const chunksIn = async (source: string) => {
    write('src/index.ts', `declare function loadChunk<T>(from: string, path: string): T;\n${source}`);
    const chunks: Chunk[] = [];
    const { code } = await bundle(
      chunkCalls({
        root,
        ownPath: '__filename',
        pathOf: ({ name }) => `./${name}.cjs`,
        onChunk: (chunk) => chunks.push(chunk),
      }),
    );
    return { code, chunks };
  };

  it('becomes a file, whose path takes the place of its source', async () => {
    const part = write('src/deep/part.ts', 'export const answer = 42;');
    const { code, chunks } = await chunksIn(
      "/* naïve */ export const part = loadChunk<typeof import('./deep/part.ts')>(import.meta.url, './deep/part.ts');",
    );
    expect(code).toContain('loadChunk(__filename, "./deep-part.cjs")');
    expect(chunks).toEqual([{ name: 'deep-part', id: part }]);
  });

  it('may be a package', async () => {
    write('node_modules/@scope/name/package.json', '{"main":"index.js"}');
    write('node_modules/@scope/name/index.js', '');
    const { chunks } = await chunksIn("export const part = loadChunk(import.meta.url, '@scope/name');");
    expect(chunks.map(({ name }) => name)).toEqual(['scope-name']);
  });

  it.each([
    ['loadChunk(import.meta.url, path)', 'loadChunk(import.meta.url, <literal>) expected'],
    ["loadChunk('elsewhere', './part.ts')", 'loadChunk(import.meta.url, <literal>) expected'],
    ["loadChunk(import.meta.url, './missing.ts')", './missing.ts not found'],
  ])('stops the build where it is %s', async (call, message) => {
    await expect(chunksIn(`declare const path: string;\nexport const part = ${call};`)).rejects.toThrow(
      message,
    );
  });
});

describe('an entry that runs on what the application has', () => {
  const rule = { output: 'the main entry', external: ['@opentelemetry/api'], bundled: ['attribute-names'] };

  beforeEach(() => {
    for (const name of ['attribute-names', 'sdk']) {
      write(`node_modules/${name}/package.json`, '{"type":"module","main":"index.js"}');
      write(`node_modules/${name}/index.js`, 'export const NAME = "http.route";');
    }
  });

  it("imports the api and Node's modules, and brings what it may", async () => {
    write(
      'src/index.ts',
      `export { trace } from '@opentelemetry/api'; export { join } from 'node:path';
       export { NAME } from 'attribute-names'; export type { NAME as Name } from 'sdk';`,
    );
    const { imports, code } = await bundle(onlyImports(rule, root));
    expect(imports.filter((name) => !name.startsWith('node:'))).toEqual(['@opentelemetry/api']);
    expect(code).toContain('http.route');
  });

  it('stops the build where it imports anything else, naming the file', async () => {
    write('src/index.ts', "export * from './inner.ts';");
    write('src/inner.ts', "export { NAME } from 'sdk';");
    await expect(bundle(onlyImports(rule, root))).rejects.toThrow(
      'src/inner.ts imports "sdk", but the main entry may import only @opentelemetry/api, attribute-names and node:*',
    );
  });
});

describe('a require that the bundler did not see', () => {
  const find = (code: string) => () =>
    forbidHiddenRequires([{ fileName: 'a.cjs', code } as OutputChunk], {
      output: 'the preload',
      external: ['hook'],
    });

  it.each(['__require("forwarded-parse")', "require('@grpc/grpc-js/build')"])('stops the build: %s', (call) =>
    expect(find(`const x = ${call};`)).toThrow(`a.cjs: ${call} is left for run time`),
  );

  it.each([
    'require("node:fs")',
    'require("hook/register.mjs")',
    'require("./core.cjs")',
    'fromApp("@sentry/core")',
  ])('is no concern where it is %s', (call) => expect(find(call)).not.toThrow());
});

describe('licences', () => {
  const packageWith = (name: string, manifest: object, licence?: string) => {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', ...manifest }));
    if (licence !== undefined) write(`node_modules/${name}/LICENSE`, licence);
    return write(`node_modules/${name}/dist/esm/index.js`, '');
  };

  it('are those of every package in the output, each text once', () => {
    write('node_modules/a/dist/esm/package.json', '{"type":"module"}');
    const modules = [
      packageWith('b', { license: 'MIT' }, 'Do what you like.'),
      packageWith('a', { license: 'MIT' }, 'Do what you like.'),
      packageWith('c', { license: 'ISC' }),
      write('src/own.ts', ''),
    ];
    const text = thirdPartyLicences(modules);
    expect(text).toMatch(/a 1\.0\.0 \(MIT\)\nb 1\.0\.0 \(MIT\)\n=+\n\nDo what you like\.\n/);
    expect(text.match(/Do what you like/g)).toHaveLength(1);
    expect(text).toContain('c 1.0.0 (ISC)');
    expect(text).not.toContain('own');
  });

  it('stop the build where a package has none', () =>
    expect(() => thirdPartyLicences([packageWith('unlicensed', {})])).toThrow(
      'unlicensed@1.0.0 has no licence',
    ));
});
