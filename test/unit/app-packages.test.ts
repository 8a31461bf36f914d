import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appFolders, appPackages } from '../../src/app-packages.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'app-packages-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: object | string = ''): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const packagesOf = (entry: string, cwd = root) => appPackages(appFolders(entry, cwd));

describe('which packages an application has', () => {
  it('those beside its entry file, scoped ones too', () => {
    write('node_modules/express/package.json', { version: '5.3.0' });
    write('node_modules/@hapi/hapi/package.json', { version: '21.0.0' });
    const packages = packagesOf(write('app.js'));
    expect(packages.has('express')).toBe(true);
    expect(packages.has('@hapi/hapi')).toBe(true);
    expect(packages.has('absent-from-this-test')).toBe(false);
  });

  it('those hoisted to the top of a workspace', () => {
    write('node_modules/pg/package.json');
    const entry = write('services/orders/dist/main.js');
    expect(packagesOf(entry, join(root, 'services')).has('pg')).toBe(true);
  });

  it("under pnpm, the dependencies' dependencies that the application can't load itself", () => {
    write('node_modules/.pnpm/node_modules/express/package.json');
    expect(packagesOf(write('app.js')).has('express')).toBe(true);
  });

  it('those of the working directory, where a tool installed elsewhere runs the application', () => {
    const runner = write('tools/node_modules/tsx/dist/cli.mjs');
    write('service/node_modules/koa/package.json');
    expect(packagesOf(runner, join(root, 'service')).has('koa')).toBe(true);
  });

  it('those beside the file that a link in node_modules/.bin leads to', () => {
    write('apps/web/node_modules/next/package.json');
    const target = write('apps/web/node_modules/next/dist/bin/next');
    mkdirSync(join(root, 'bin'));
    symlinkSync(target, join(root, 'bin', 'next'));
    expect(packagesOf(join(root, 'bin', 'next')).has('next')).toBe(true);
  });

  it('those of the working directory where there is no entry file (node -e)', () => {
    write('node_modules/redis/package.json');
    expect(appPackages(appFolders(undefined, root)).has('redis')).toBe(true);
  });

  it('an entry file named without extension, or that does not exist, is no obstacle', () => {
    write('node_modules/koa/package.json');
    expect(packagesOf('app').has('koa')).toBe(true);
  });
});

describe('the version that the application itself would load', () => {
  it('is that of the nearest copy', () => {
    write('node_modules/@opentelemetry/api/package.json', { version: '1.9.1' });
    write('services/orders/node_modules/@opentelemetry/api/package.json', { version: '1.10.0' });
    const packages = packagesOf(write('services/orders/main.js'));
    expect(packages.version('@opentelemetry/api')).toBe('1.10.0');
  });

  it.each(['not JSON', 'null', '{"version":1}'])('is unknown where package.json is %s', (manifest) => {
    write('node_modules/express/package.json', manifest);
    expect(packagesOf(write('app.js')).version('express')).toBeUndefined();
  });
});

describe('what the application declares', () => {
  it.each(['services/orders/package.json', 'package.json'])('is read from %s', (manifest) => {
    write(manifest, { dependencies: { '@fastify/otel': '^0.21.0' } });
    expect(packagesOf(write('services/orders/main.js')).declares('@fastify/otel')).toBe(true);
  });

  it('does not include what is only there, or for development', () => {
    write('node_modules/@fastify/otel/package.json');
    write('package.json', { devDependencies: { '@fastify/otel': '^0.21.0' } });
    expect(packagesOf(write('app.js')).declares('@fastify/otel')).toBe(false);
  });
});
