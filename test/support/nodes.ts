/** Node binaries of other major versions, from the npm package `node`, for tests across versions. */

import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from './npm.ts';

export type NodeMajor = 20 | 22 | 24 | 26;

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/node-binaries/', import.meta.url));

/**
 * The path of a Node of that major version: the running one where it fits, else the newest, installed once below
 * node_modules/.cache. Processes may ask at the same time; call it in vitest's globalSetup to keep the first
 * installation out of a test's time.
 * @throws where it isn't cached and npm can't install it, with npm's output.
 */
export async function nodeBinary(major: NodeMajor): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const installed = join(CACHE, String(major));
  const binary = join(installed, 'node_modules', 'node', 'bin', 'node');
  if (!(await exists(binary))) await install(major, installed);
  return binary;
}

/** Installs beside the final place and moves it there, so that nobody sees half an installation. */
async function install(major: NodeMajor, to: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const staging = await mkdtemp(join(CACHE, `${major}-`));
  try {
    // The package gets its binary by an install script, which npm 11 wants allowed by name.
    await writeFile(
      join(staging, 'package.json'),
      JSON.stringify({ private: true, allowScripts: { node: true } }),
    );
    await npm(['install', '--no-audit', '--no-fund', '--no-package-lock', `node@${major}`], staging);
    await moveInto(staging, to);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function moveInto(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // rename rejects with nothing else
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error; // else another process was first
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
