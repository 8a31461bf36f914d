import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runApp } from '../../support/process.ts';

const preload = fileURLToPath(new URL('../../../dist/register.js', import.meta.url));
const bundled = fileURLToPath(new URL('../../../node_modules/@opentelemetry/api', import.meta.url));
const BUNDLED_VERSION = '1.10.0';

let app: string;
beforeEach(() => {
  app = mkdtempSync(join(tmpdir(), 'api-copies-'));
});
afterEach(() => rmSync(app, { recursive: true }));

/** Gives the application a copy of the api that says it is of that version. */
function installApi(version: string): void {
  const folder = join(app, 'node_modules/@opentelemetry/api');
  cpSync(bundled, folder, { recursive: true });
  for (const file of globSync(['package.json', 'dist/version.*', 'dist/internal/global-utils.*'], {
    cwd: folder,
  })) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(BUNDLED_VERSION, version));
  }
}

const SPAN_BY_IMPORT = `
import { trace } from '@opentelemetry/api';
trace.getTracer('app').startSpan('made by hand').end();
`;
const SPAN_BY_REQUIRE = `
const { trace } = require('@opentelemetry/api');
trace.getTracer('app').startSpan('made by hand').end();
`;

/** A library on a copy newer than the one that registered the globals would find nothing, silently. */
describe("spans that the application makes on its own copy of OpenTelemetry's api are recorded", () => {
  describe.each([
    ["older than the preload's", '1.9.1'],
    ["as new as the preload's", BUNDLED_VERSION],
    ['a patch newer', '1.10.7'],
    ['a minor newer', '1.11.0'],
  ])('where it is %s', (_case, version) => {
    it.each([
      ['app.mjs', SPAN_BY_IMPORT],
      ['app.cjs', SPAN_BY_REQUIRE],
    ])('%s', async (file, source) => {
      installApi(version);
      writeFileSync(join(app, file), source);
      await using running = runApp({
        entry: join(app, file),
        cwd: app,
        execArgv: ['--import', preload],
        env: { OTEL_TRACES_EXPORTER: 'console' },
      });
      const { stdout, stderr } = await running.succeeded();
      expect(stdout).toContain("name: 'made by hand'");
      expect(stderr).toBe('');
    });
  });
});
