/** The licences of the packages whose code ended up in the output, as their terms ask. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Package {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  readonly texts: readonly string[];
}

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/** @param modules paths of the modules in the output. @throws where a package has no licence at all. */
export function thirdPartyLicences(modules: Iterable<string>): string {
  const folders = new Set([...modules].filter((path) => path.includes('node_modules')).map(packageFolder));
  const packages = new Map(
    [...folders].map((folder) => readPackage(folder)).map((it) => [`${it.name}@${it.version}`, it]),
  );
  const sections = [...packages].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, it]) => section(it));
  return `The files in this folder contain code of the following packages.\n\n${sections.join('\n')}`;
}

function packageFolder(path: string): string {
  let folder = dirname(path);
  // A package.json without a name only sets the module type of a folder inside a package.
  while (!existsSync(join(folder, 'package.json')) || manifestIn(folder).name === undefined) {
    if (folder === dirname(folder)) throw new Error(`${path} belongs to no package`);
    folder = dirname(folder);
  }
  return folder;
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest; // npm's own format
}

function readPackage(folder: string): Package {
  const { name = folder, version = '', license } = manifestIn(folder);
  const texts = readdirSync(folder, { withFileTypes: true })
    .filter((file) => file.isFile() && LICENCE_FILE.test(file.name))
    .map((file) => file.name)
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  if (license === undefined && texts.length === 0) throw new Error(`${name}@${version} has no licence`);
  return { name, version, licence: license ?? 'see below', texts };
}

function section({ name, version, licence, texts }: Package): string {
  const line = '='.repeat(80);
  const text =
    texts.length === 0
      ? 'The package comes without a licence text.'
      : texts.join(`\n\n${'-'.repeat(80)}\n\n`);
  return `${line}\n${name} ${version} (${licence})\n${line}\n\n${text}\n`;
}
