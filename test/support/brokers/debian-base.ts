import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { command } from './command.ts';
import { aptInstall, aptNetworkSettings, debianMirror } from './debian.ts';

const SUITE = 'trixie';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Where Ubuntu's apt knows no Debian archive. */
const DEFAULT_MIRROR = 'http://deb.debian.org/debian/';

/** Changes whenever what {@link importBaseImage} makes does. */
export const BASE_RECIPE: string = `debootstrap ${SUITE} minbase 1`;

/** Makes a minimal Debian 13 image from Debian's own packages, verified by Debian's keys. Takes half a minute. */
export async function importBaseImage(image: string): Promise<void> {
  await aptInstall(['debootstrap', 'debian-archive-keyring']);
  const mirror = (await debianMirror()) ?? DEFAULT_MIRROR;
  const root = await mkdtemp(path.join(tmpdir(), 'debian-base-'));
  try {
    // The script of `sid` serves every later suite too; an older debootstrap has no link for this one.
    const script = '/usr/share/debootstrap/scripts/sid';
    await command('debootstrap', ['--variant=minbase', `--keyring=${KEYRING}`, SUITE, root, mirror, script]);
    await writeFile(path.join(root, 'etc/apt/sources.list'), `deb ${mirror} ${SUITE} main\n`);
    await writeFile(path.join(root, 'etc/apt/apt.conf.d/99network'), await aptNetworkSettings());
    await command('sh', ['-c', 'tar -C "$1" -c . | docker import - "$2"', 'sh', root, image]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
