/** Which packages the application has: found by their folders, since asking Node's resolver costs far more. */

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

export interface AppPackages {
  /** Whether the application, or a package of it, can load `name`. */
  has(name: string): boolean;
  /** The version of the copy that the application itself would load; undefined where it has none. */
  version(name: string): string | undefined;
  /** The folder of that copy. */
  folder(name: string): string | undefined;
  /** Whether the application's package.json, or one above it, has `name` among its dependencies. */
  declares(name: string): boolean;
}

/**
 * Where the application's own `require` would start: the folder of its entry file, as it was named and as it is
 * with links followed (a `.bin` link, a workspace), and the working directory (whose packages a runner such as
 * `next` or `tsx`, installed elsewhere, loads).
 * @param entry `process.argv[1]`; under `node -e` there is none.
 */
export function appFolders(entry: string | undefined, cwd: string): string[] {
  if (entry === undefined) return [cwd];
  const named = resolve(cwd, entry);
  return [...new Set([dirname(followLinks(named)), dirname(named), cwd])];
}

/** An entry may lack its extension (`node app`), or be no file at all. */
function followLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * Every `node_modules` that may hold a package of an application in those folders, nearest first: theirs and their
 * parents' (hoisted, workspaces), each with pnpm's folder of dependencies' dependencies: an application that has
 * `@nestjs/platform-express` can't load `express` itself, yet runs it.
 */
export function packageFolders(folders: readonly string[]): string[] {
  const own = withParents(folders).map((at) =>
    basename(at) === 'node_modules' ? at : join(at, 'node_modules'),
  );
  return [...new Set([...own, ...own.map((modules) => join(modules, '.pnpm', 'node_modules'))])];
}

function withParents(folders: readonly string[]): string[] {
  const all = new Set<string>();
  for (const folder of folders) {
    for (let at = folder; !all.has(at); at = dirname(at)) all.add(at);
  }
  return [...all];
}

/** Looks once for the folders, then for each package in those that exist. */
export function appPackages(folders: readonly string[]): AppPackages {
  const places = packageFolders(folders).filter((place) => existsSync(place));
  const folder = (name: string): string | undefined =>
    places.map((place) => join(place, name)).find((path) => existsSync(path));
  return {
    folder,
    has: (name) => folder(name) !== undefined,
    version: (name) => textIn(folder(name), 'version'),
    declares: (name) => withParents(folders).some((at) => name in dependenciesIn(at)),
  };
}

/**
 * Yarn's Plug'n'Play has no folders to look in, and asking its resolver would need the entry file's own
 * dependencies' names. There everything counts as present: a few unneeded chunks, but no lost spans.
 */
function everyPackage(folders: readonly string[]): AppPackages {
  return { ...appPackages(folders), has: () => true };
}

/** The packages of the application this process runs. */
export function packagesOfThisApp(): AppPackages {
  const folders = appFolders(process.argv[1], process.cwd());
  return 'pnp' in process.versions ? everyPackage(folders) : appPackages(folders);
}

function textIn(folder: string | undefined, key: string): string | undefined {
  const value = folder === undefined ? undefined : manifestIn(folder)[key];
  return typeof value === 'string' ? value : undefined;
}

function dependenciesIn(folder: string): object {
  const { dependencies } = manifestIn(folder);
  return typeof dependencies === 'object' && dependencies !== null ? dependencies : {};
}

/** A folder without a readable package.json counts as one with an empty one. */
function manifestIn(folder: string): Readonly<Record<string, unknown>> {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    // An object's members may be read by any name.
    return typeof manifest === 'object' && manifest !== null ? (manifest as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
