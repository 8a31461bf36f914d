import { readFile } from 'node:fs/promises';
import { command } from './command.ts';

/** What decides whether packages can be installed here. */
export interface Host {
  readonly platform: NodeJS.Platform;
  /** The text of /etc/os-release; empty where there is none. */
  readonly osRelease: string;
  /** `undefined` where there are no user ids (Windows). */
  readonly uid: number | undefined;
}

export async function thisHost(): Promise<Host> {
  return {
    platform: process.platform,
    // A system without the file isn't Debian or Ubuntu, which is all that is asked of it.
    osRelease: await readFile('/etc/os-release', 'utf8').catch(() => ''),
    uid: process.getuid?.(),
  };
}

/** Why nothing can be installed by apt on that host; `undefined` when it can. */
export function whyNoApt(host: Host): string | undefined {
  const families =
    `${osReleaseField(host.osRelease, 'ID')} ${osReleaseField(host.osRelease, 'ID_LIKE')}`.split(' ');
  if (host.platform !== 'linux' || !families.some((family) => ['debian', 'ubuntu'].includes(family))) {
    const system = osReleaseField(host.osRelease, 'PRETTY_NAME') || host.platform;
    return `needs Debian or Ubuntu; this is ${system}`;
  }
  return host.uid === 0 ? undefined : 'needs root';
}

/** A field of os-release(5), unquoted; empty when absent. */
function osReleaseField(osRelease: string, field: string): string {
  const value = new RegExp(`^${field}=(.*)$`, 'm').exec(osRelease)?.[1] ?? '';
  return value.trim().replace(/^(["'])(.*)\1$/, '$2');
}

let listsUpdated: Promise<unknown> | undefined;
let installing: Promise<unknown> = Promise.resolve();

/** Installs Debian packages; those there already stay as they are. Calls wait for each other, and for another apt. */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  const waitForLock = ['-o', 'DPkg::Lock::Timeout=300'];
  listsUpdated ??= command('apt-get', [...waitForLock, '-qq', 'update']);
  await listsUpdated;
  const install = [...waitForLock, '-qq', 'install', '-y', '--no-install-recommends', ...packages];
  const mine = installing.then(() => command('apt-get', install, { DEBIAN_FRONTEND: 'noninteractive' }));
  // A failure is the caller's; the next caller only waits for its end.
  installing = mine.catch(() => undefined);
  await mine;
}

/** The Debian archive this machine's apt uses; `undefined` on Ubuntu, whose sources name none. */
export async function debianMirror(): Promise<string | undefined> {
  const debian = ['Origin: Debian', 'Label: Debian', 'Component: main', 'Created-By: Packages'];
  const uris = await command('apt-get', ['indextargets', '--format', '$(REPO_URI)', ...debian]);
  return uris.split('\n')[0]?.trim() || undefined;
}

/** The proxies and date checks of this machine's apt, as apt.conf(5) text. */
export async function aptNetworkSettings(): Promise<string> {
  const settings = ['http::Proxy', 'https::Proxy', 'Check-Valid-Until', 'Check-Date'];
  return await command('apt-config', ['dump', ...settings.map((name) => `Acquire::${name}`)]);
}
