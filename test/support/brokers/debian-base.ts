import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { command } from './command.ts';
import { aptInstall, aptNetworkSettings, debianMirror } from './debian.ts';
import type { Engine } from './engine.ts';
import { untilReported } from './engine-report.ts';

const REPOSITORY = 'local/debian';
const TAG = '13';
const SUITE = 'trixie';
/** ca-certificates is for package mirrors by https. */
const OPTIONS = ['--variant=minbase', '--include=ca-certificates', '--force-check-gpg'];

/** The name of the image that the recipes' FROM lines name. */
export const BASE_IMAGE = `${REPOSITORY}:${TAG}`;

/** What the base image is made of; whenever it changes, so do the images on top. */
export const BASE_RECIPE = `${SUITE} ${OPTIONS.join(' ')}`;

/**
 * Makes the image of a minimal Debian 13 with debootstrap, from where this machine's own packages come from; on Ubuntu,
 * whose archive has no Debian, from debootstrap's default. Needs root.
 */
export async function importDebianBase(
  engine: Engine,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  await aptInstall(['debootstrap', 'debian-archive-keyring']);
  const mirror = await debianMirror();
  const root = await mkdtemp(path.join(tmpdir(), 'debian-base-'));
  try {
    await command('debootstrap', [...OPTIONS, SUITE, root, ...(mirror === undefined ? [] : [mirror])]);
    await writeFile(path.join(root, 'etc/apt/apt.conf.d/99host'), await aptNetworkSettings());
    await importTree(engine, root, labels);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function importTree(
  engine: Engine,
  root: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const packed = once(tar, 'exit');
  const changes = Object.entries(labels).map(([name, value]) => `LABEL ${name}=${value}`);
  const report = await engine.container.dockerode.importImage(tar.stdout, {
    repo: REPOSITORY,
    tag: TAG,
    changes,
  });
  await untilReported(report);
  const [code] = await packed;
  if (code !== 0) throw new Error(`tar of ${root} ended with ${code}`);
}
