/**
 * Builds `dist/`:
 * - `register.js`, the preload: one small ES module, which loads
 * - `preload/*.cjs`, OpenTelemetry's SDK, our bridge and one chunk per instrumentation. CommonJS, since they have to
 *   load synchronously, and load faster than ES modules do;
 * - `index.js`, `instrumentations.js` and `propagators.js`, ES modules that bundle no SDK;
 * - `types/`, their declarations, and `THIRD-PARTY-LICENSES.txt`.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type InputOptions, type OutputChunk, type OutputOptions, rolldown } from 'rolldown';
import { type Chunk, chunkCalls } from './build/chunk-calls.ts';
import { fastifyAsEsModule, visibleRequires } from './build/commonjs.ts';
import { type DeclarationOptions, writeDeclarations } from './build/declarations.ts';
import { deferredExports } from './build/deferred.ts';
import { failOnWarning, forbidHiddenRequires, type ImportRule, onlyImports } from './build/imports.ts';
import { thirdPartyLicences } from './build/licences.ts';
import { apiOfApp, sharedApi } from './build/opentelemetry-api.ts';
import { sizeTable } from './build/sizes.ts';

const ROOT = dirname(import.meta.dirname);
const DIST = join(ROOT, 'dist');
const PRELOAD = 'preload';

/** The preload's entry needs nothing but its chunks. */
const REGISTER: ImportRule = {
  output: 'register.js',
  external: [],
  bundled: [],
};

/** It works on the application's OpenTelemetry; bundled is what keeps no state of its own. */
const MAIN: ImportRule = {
  output: 'the main entry',
  external: ['@opentelemetry/api'],
  bundled: [
    '@opentelemetry/context-async-hooks',
    '@opentelemetry/core',
    '@opentelemetry/semantic-conventions',
  ],
};

/** As the main entry, with the base class of instrumentations, which brings its hooks along. */
const INSTRUMENTATIONS: ImportRule = {
  output: 'the instrumentations',
  external: ['@opentelemetry/api', 'import-in-the-middle', 'require-in-the-middle'],
  bundled: ['@opentelemetry/core', '@opentelemetry/instrumentation', '@opentelemetry/semantic-conventions'],
};

const CHUNKS: ImportRule = {
  output: 'the preload',
  // The last is the application's own, if it wants winston's lines sent; the instrumentation does without it.
  external: ['import-in-the-middle', 'require-in-the-middle', '@opentelemetry/winston-transport'],
};

const DECLARATIONS: DeclarationOptions = {
  root: ROOT,
  outDir: 'dist/types',
  entries: [
    'dist/types/register.d.ts',
    'dist/types/src/index.d.ts',
    'dist/types/src/instrumentations.d.ts',
    'dist/types/src/propagators.d.ts',
  ],
  known: ['@opentelemetry/api', '@sentry/node', '@sentry/core'],
};

interface Manifest {
  readonly version: string;
}

/** Without whitespace minification, so that stack traces can be read; sources aren't repeated in the maps. */
const OUTPUT: OutputOptions = {
  sourcemap: true,
  sourcemapExcludeSources: true,
  minify: false,
  comments: { legal: true, annotation: false, jsdoc: false },
};

/** For src/version.ts. */
const PACKAGE = { PACKAGE_VERSION: JSON.stringify(readManifest(ROOT).version) };

const INPUT: InputOptions = {
  cwd: ROOT,
  platform: 'node',
  onLog: failOnWarning,
};

/** ES modules at the top of `dist/`; `chunks` collects what they load from the preload. */
async function buildEntries(
  input: Readonly<Record<string, string>>,
  rule: ImportRule,
  chunks: Map<string, string>,
): Promise<OutputChunk[]> {
  const build = await rolldown({
    ...INPUT,
    input: { ...input },
    plugins: [
      apiOfApp(ROOT), // before the rule, which settles every import of the api
      onlyImports(rule, ROOT),
      chunkCalls({
        root: ROOT,
        ownPath: 'import.meta.url',
        pathOf: ({ name }) => `./${PRELOAD}/${name}.cjs`,
        onChunk: (chunk) => addChunk(chunks, chunk),
      }),
    ],
    transform: { define: PACKAGE },
  });
  const { output } = await build.write({
    ...OUTPUT,
    dir: DIST,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'shared-[hash].js',
  });
  await build.close();
  return output.filter((file) => file.type === 'chunk');
}

async function buildPreload(chunks: Map<string, string>): Promise<OutputChunk[]> {
  const build = await rolldown({
    ...INPUT,
    input: Object.fromEntries(chunks),
    plugins: [
      onlyImports(CHUNKS, ROOT),
      sharedApi(ROOT),
      visibleRequires(),
      fastifyAsEsModule(),
      deferredExports(ROOT),
      chunkCalls({
        root: ROOT,
        ownPath: '__filename',
        pathOf: ({ name }) => `./${name}.cjs`,
        onChunk(chunk, context) {
          if (!addChunk(chunks, chunk)) return;
          context.emitFile({
            type: 'chunk',
            id: chunk.id,
            fileName: `${chunk.name}.cjs`,
          });
        },
      }),
    ],
    transform: {
      define: {
        BUNDLED_API_VERSION: JSON.stringify(versionOf('@opentelemetry/api')),
        ...PACKAGE,
      },
    },
  });
  const { output } = await build.write({
    ...OUTPUT,
    dir: join(DIST, PRELOAD),
    format: 'cjs',
    exports: 'named',
    strict: true,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    codeSplitting: {
      groups: [
        // With all it imports. Without the groups, what two chunks share would be a file for each such pair.
        { name: 'core', test: isAlwaysLoaded },
        {
          name: 'otlp',
          test: /[\\/]@opentelemetry[\\/]otlp-(exporter-base|transformer)[\\/]/,
        },
      ],
    },
  });
  await build.close();
  return output.filter((file) => file.type === 'chunk');
}

/** What every process needs; the group takes what these import, too. */
function isAlwaysLoaded(id: string): boolean {
  return (
    id === join(ROOT, 'src', 'start.ts') ||
    /@opentelemetry[\\/](instrumentation|semantic-conventions)[\\/]/.test(id)
  );
}

/** @returns whether it is new. */
function addChunk(chunks: Map<string, string>, { name, id }: Chunk): boolean {
  const known = chunks.get(name);
  if (known !== undefined && known !== id)
    throw new Error(`two chunks would be called ${name}: ${known} and ${id}`);
  chunks.set(name, id);
  return known === undefined;
}

function versionOf(packageName: string): string {
  return readManifest(join(ROOT, 'node_modules', packageName)).version;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest; // npm's own format
}

async function build(): Promise<void> {
  const startedAt = performance.now();
  rmSync(DIST, { recursive: true, force: true });
  const chunks = new Map<string, string>();
  const register = await buildEntries({ register: 'register.ts' }, REGISTER, chunks);
  const main = await buildEntries({ index: 'src/index.ts', propagators: 'src/propagators.ts' }, MAIN, chunks);
  const instrumentations = await buildEntries(
    { instrumentations: 'src/instrumentations.ts' },
    INSTRUMENTATIONS,
    chunks,
  );
  const preload = await buildPreload(chunks);
  forbidHiddenRequires(preload, CHUNKS);
  const output = [...register, ...main, ...instrumentations, ...preload];
  const licences = thirdPartyLicences(output.flatMap(({ moduleIds }) => moduleIds));
  writeFileSync(join(DIST, 'THIRD-PARTY-LICENSES.txt'), licences);
  writeDeclarations(DECLARATIONS);
  console.log(sizeTable(output));
  console.log(`built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

try {
  await build();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
