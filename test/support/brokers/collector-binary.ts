import path from 'node:path';
import { command } from './command.ts';
import { aptInstall } from './debian.ts';

const BUILDER = 'go.opentelemetry.io/collector/cmd/builder@v0.162.0';
/** What the builder's go.mod asks for. */
const GO = '1.26.0';
/** The first Go that gets itself the version a module asks for. https://go.dev/doc/toolchain */
const FIRST_WITH_TOOLCHAINS = 21;

/**
 * Builds the Collector into the folder of its builder.yaml. Go runs on the host, where its settings (proxy, checksum
 * database, credentials) and its caches are.
 */
export async function addCollectorBinary(context: string): Promise<void> {
  const env = { GOTOOLCHAIN: 'auto', ...(await goOnPath()) };
  await command('go', ['run', '-C', context, BUILDER, '--config', 'builder.yaml'], env);
}

/** The environment in which `go` is new enough: the host's, the distribution's, or one that that one gets. */
async function goOnPath(): Promise<Readonly<NodeJS.ProcessEnv>> {
  if ((await goMinor()) === undefined) await aptInstall(['golang-go']);
  if (((await goMinor()) ?? 0) >= FIRST_WITH_TOOLCHAINS) return {};
  // Debian 12's can't switch, yet it can fetch the module that newer ones switch to.
  const [os, architecture] = (await command('go', ['env', 'GOOS', 'GOARCH'])).trim().split('\n');
  const toolchain = `golang.org/toolchain@v0.0.1-go${GO}.${os}-${architecture}`;
  // https://go.dev/ref/mod#go-mod-download
  const { Dir } = JSON.parse(await command('go', ['mod', 'download', '-json', toolchain])) as { Dir: string };
  const bin = path.join(Dir, 'bin');
  // A module's files are extracted as plain ones.
  await command('chmod', ['-R', 'u+x', bin, path.join(Dir, 'pkg', 'tool')]);
  return { PATH: `${bin}${path.delimiter}${process.env.PATH}` };
}

/** The 26 of `go version go1.26.8 linux/amd64`; undefined where there is no Go. */
async function goMinor(): Promise<number | undefined> {
  const said = await command('go', ['version']).catch(() => '');
  const [, minor] = /\bgo1\.(\d+)/.exec(said) ?? [];
  return minor === undefined ? undefined : Number(minor);
}
