import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { COLLECTOR_IMAGE } from './collector.ts';
import { addCollectorBinary } from './collector-binary.ts';
import { command } from './command.ts';
import { aptInstall, thisHost, whyNoApt } from './debian.ts';
import { BASE_IMAGE, BASE_RECIPE, importDebianBase } from './debian-base.ts';
import type { Engine } from './engine.ts';
import { untilReported } from './engine-report.ts';
import { KAFKA_IMAGE } from './kafka.ts';
import { RABBITMQ_IMAGE } from './rabbitmq.ts';
import { filesOf, isUpToDate, RECIPE_LABEL, recipeHash } from './recipe.ts';

/** What the names of the images made here begin with, before the public image's name. */
export const LOCAL_PREFIX = 'local';

/** How an image is made: a folder with a Dockerfile, and what else its build needs beside those files. */
interface Recipe {
  readonly folder: string;
  /** What it is made of, for people. */
  readonly from: string;
  readonly needs: readonly ((engine: Engine, context: string) => Promise<void>)[];
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  [RABBITMQ_IMAGE]: { folder: recipeFolder('rabbitmq'), from: "Debian's packages", needs: [debianBase] },
  [KAFKA_IMAGE]: {
    folder: recipeFolder('kafka'),
    from: "Debian's and Maven Central's packages",
    needs: [debianBase, (_engine, context) => addKafkaJars(context)],
  },
  [COLLECTOR_IMAGE]: {
    folder: recipeFolder('otel-collector'),
    from: "Go's modules",
    needs: [(_engine, context) => addCollectorBinary(context)],
  },
};

/** The name of the local image that stands in for a public one. */
export function localName(image: string): string {
  return `${LOCAL_PREFIX}/${image}`;
}

/** Whether the local image is there, and made from the recipe as it is now (or by someone else). */
export async function hasLocalImage(engine: Engine, image: string): Promise<boolean> {
  return await isMade(engine, localName(image), await imageHash(recipeOf(image)));
}

/**
 * Makes the local image of a public one. Takes one to three minutes, most of them downloads.
 *
 * @throws {Error} where apt is of no use (not Debian or Ubuntu, not root), or with the last lines of the step that failed.
 */
export async function buildLocalImage(
  engine: Engine,
  image: string,
  log: (line: string) => void,
): Promise<void> {
  const recipe = recipeOf(image);
  const obstacle = whyNoApt(await thisHost());
  if (obstacle) throw new Error(obstacle);
  const context = await mkdtemp(path.join(tmpdir(), 'local-image-'));
  try {
    await cp(recipe.folder, context, { recursive: true });
    log(`making ${localName(image)} from ${recipe.from} (one to three minutes)`);
    await Promise.all(recipe.needs.map((need) => need(engine, context)));
    await build(engine, context, localName(image), await imageHash(recipe));
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function build(engine: Engine, context: string, name: string, hash: string): Promise<void> {
  const report = await engine.container.dockerode.buildImage(
    { context, src: await readdir(context) },
    {
      t: name,
      labels: { [RECIPE_LABEL]: hash },
      rm: true,
      forcerm: true,
      // The host's network, so that mirrors and proxies on the host itself can be reached.
      networkmode: 'host',
      buildargs: proxies(),
      // The classic builder takes the base image from the engine's own store without asking a registry for it.
      version: '1',
    },
  );
  await untilReported(report);
}

let base: Promise<void> | undefined;

/** The base image, made once a process however many recipes ask for it at the same time. */
function debianBase(engine: Engine): Promise<void> {
  const hash = recipeHash([BASE_RECIPE]);
  base ??= isMade(engine, BASE_IMAGE, hash).then((made) =>
    made ? undefined : importDebianBase(engine, { [RECIPE_LABEL]: hash }),
  );
  return base;
}

async function imageHash(recipe: Recipe): Promise<string> {
  return recipeHash([BASE_RECIPE, ...(await filesOf(recipe.folder))]);
}

/**
 * Maven runs on the host, where its settings (mirrors, proxies, credentials), its cache and Java's trust store are.
 */
async function addKafkaJars(context: string): Promise<void> {
  const maven = await command('mvn', ['--version']).catch(() => undefined);
  if (maven === undefined) await aptInstall(['maven', 'default-jre-headless']);
  const output = `-DoutputDirectory=${path.join(context, 'libs')}`;
  await command('mvn', [
    '-q',
    '-B',
    '-f',
    path.join(context, 'pom.xml'),
    'dependency:copy-dependencies',
    output,
  ]);
}

async function isMade(engine: Engine, name: string, hash: string): Promise<boolean> {
  try {
    const { Config } = await engine.container.dockerode.getImage(name).inspect();
    // The engine says null where there are no labels; its types don't.
    return isUpToDate(Config.Labels ?? {}, hash);
  } catch (error) {
    // dockerode's errors carry the status of the engine's answer.
    if ((error as { statusCode?: number }).statusCode === 404) return false;
    throw error;
  }
}

/** Docker keeps these build arguments out of the image's history. */
function proxies(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function recipeOf(image: string): Recipe {
  const recipe = RECIPES[image];
  if (recipe === undefined) throw new Error(`no recipe for ${image}`);
  return recipe;
}

function recipeFolder(name: string): string {
  return fileURLToPath(new URL(`images/${name}`, import.meta.url));
}
