/** Projects as an application's: its own packages, and ours as npm would have published it. */

import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from '../support/npm.ts';
import { type Generation, PROJECTS } from './generations.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** Folders of applications under test, which know nothing of the generation that they run on. */
const APPLICATIONS = ['demo/services', 'test/integration/bridge/fixtures'];
/** What a project has in it, by hashes of what it was installed from. */
const INSTALLED = 'installed.json';

interface Installed {
  readonly packages?: string;
  readonly tarball?: string;
}

/** @returns the path of the packed package, built as `npm test` left it; its name tells its contents. */
export async function packPackage(): Promise<string> {
  const folder = join(PROJECTS, 'package');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const packed = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], REPOSITORY);
  const [{ filename }] = [JSON.parse(packed)].flat(); // an array, in some versions of npm an object
  // npm takes another file for another package, whatever its version.
  const tarball = join(folder, `${await hashOf(join(folder, filename))}.tgz`);
  await rename(join(folder, filename), tarball);
  return tarball;
}

/** Installs what isn't yet installed as it should be: the packages of the lock, and the tarball beside them. */
export async function installProject(
  { name, project: { folder } }: Generation,
  tarball: string,
): Promise<void> {
  const template = join(HERE, 'projects', name);
  const wanted = {
    packages: await hashOf(join(template, 'package-lock.json')),
    tarball: await hashOf(tarball),
  };
  const installed = await readInstalled(folder);
  if (installed.packages !== wanted.packages) {
    await rm(folder, { recursive: true, force: true });
    await cp(template, folder, { recursive: true });
    await npm(['ci', '--no-audit', '--no-fund'], folder);
  }
  if (installed.tarball !== wanted.tarball || installed.packages !== wanted.packages) {
    await rm(join(folder, INSTALLED), { force: true });
    await npm(['install', '--no-save', '--no-audit', '--no-fund', tarball], folder);
    await writeFile(join(folder, INSTALLED), JSON.stringify(wanted));
  }
  for (const part of APPLICATIONS) {
    await rm(join(folder, part), { recursive: true, force: true });
    await cp(join(REPOSITORY, part), join(folder, part), { recursive: true });
  }
  await cp(join(HERE, 'own-sdk.mjs'), join(folder, 'own-sdk.mjs'));
}

async function readInstalled(folder: string): Promise<Installed> {
  try {
    return JSON.parse(await readFile(join(folder, INSTALLED), 'utf8'));
  } catch {
    return {}; // nothing there, or half of it
  }
}

async function hashOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 16);
}
