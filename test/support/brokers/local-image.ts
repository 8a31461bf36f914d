import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { command } from './command.ts';
import { aptInstall, thisHost, whyNoApt } from './debian.ts';
import { BASE_RECIPE, importBaseImage } from './debian-base.ts';
import type { Engine } from './engine.ts';

/** Images of the public ones' content under this prefix, made of Debian's and Maven Central's packages. */
export const LOCAL_PREFIX = 'local';

const BASE_IMAGE = `${LOCAL_PREFIX}/debian:13`;
const RECIPE_LABEL = 'acme.otel-sentry.recipe';

/**
 * Sees to it that `local/<image>` is there and made by today's recipe, which is the folder of that name beside this
 * file. An image of that name without our label is somebody's own and taken as it is.
 *
 * @throws {Error} with the failing command, or why images can't be made on this host.
 */
export async function ensureLocalImage(
  engine: Engine,
  image: string,
  recipe: 'rabbitmq' | 'kafka',
  log: (line: string) => void,
): Promise<void> {
  const local = `${LOCAL_PREFIX}/${image}`;
  const folder = path.join(import.meta.dirname, 'images', recipe);
  const wanted = await recipeHash(folder);
  const present = await recipeOf(engine, local);
  if (present !== undefined && (present === '' || present === wanted)) return;

  const obstacle = whyNoApt(await thisHost());
  if (obstacle) throw new Error(`building ${local} ${obstacle}`);
  log(`no image registry answers: building ${local} from packages (about a minute)`);
  if ((await recipeOf(engine, BASE_IMAGE)) === undefined) await importBaseImage(BASE_IMAGE);
  await build(local, folder, wanted);
}

async function build(image: string, folder: string, recipe: string): Promise<void> {
  const context = await mkdtemp(path.join(tmpdir(), 'image-'));
  try {
    await cp(folder, context, { recursive: true });
    if ((await readdir(folder)).includes('pom.xml')) await fetchJars(context);
    // The host's network, since a build's own may be unable to reach the package mirrors.
    const options = ['--quiet', '--network', 'host', '--label', `${RECIPE_LABEL}=${recipe}`, '--tag', image];
    await command('docker', ['build', ...options, context], { DOCKER_BUILDKIT: '0' });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Out here rather than in the build, so that Maven's own settings and cache serve. */
async function fetchJars(context: string): Promise<void> {
  const maven = await command('sh', ['-c', 'command -v mvn || true']);
  if (maven.trim() === '') await aptInstall(['maven']);
  const pom = path.join(context, 'pom.xml');
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${path.join(context, 'libs')}`];
  await command('mvn', ['-q', '-B', '-f', pom, ...goal]);
}

/** Our label's value on an image, '' where it has none, undefined where there is no such image. */
async function recipeOf(engine: Engine, image: string): Promise<string | undefined> {
  try {
    const { Config } = await engine.container.dockerode.getImage(image).inspect();
    return Config.Labels?.[RECIPE_LABEL] ?? '';
  } catch (error) {
    // dockerode's errors carry the status of the engine's answer.
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

async function recipeHash(folder: string): Promise<string> {
  const hash = createHash('sha256').update(BASE_RECIPE);
  for (const file of (await readdir(folder)).sort())
    hash.update(file).update(await readFile(path.join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}
