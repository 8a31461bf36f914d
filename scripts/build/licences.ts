/** The licences of the packages whose code ended up in the output, as their terms ask; each text once. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Package {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  /** Of all its licence and notice files. */
  readonly text: string;
}

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/** @param modules paths of the modules in the output. @throws where a package has no licence at all. */
export function thirdPartyLicences(modules: Iterable<string>): string {
  const folders = new Set([...modules].filter((path) => path.includes('node_modules')).map(packageFolder));
  const byText = new Map<string, Set<string>>();
  for (const { name, version, licence, text } of [...folders].map((folder) => readPackage(folder))) {
    const packages = byText.get(text) ?? new Set();
    byText.set(text, packages.add(`${name} ${version} (${licence})`));
  }
  const sections = [...byText].map(([text, packages]) => section([...packages].toSorted(), text)).toSorted();
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
  const text =
    texts.length === 0 ? 'No licence text comes with the package.' : texts.join(`\n\n${'-'.repeat(80)}\n\n`);
  return { name, version, licence: license ?? 'see below', text };
}

function section(packages: readonly string[], text: string): string {
  const line = '='.repeat(80);
  return `${line}\n${packages.join('\n')}\n${line}\n\n${text}\n`;
}
