import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** What the application's own package.json says of it. */
export interface PackageInfo {
  readonly name?: string;
  readonly version?: string;
}

/** Reads the nearest package.json above the application's entry file; nothing where there is none. */
export function readPackage(entry: string | undefined = process.argv[1]): PackageInfo {
  let folder = entry === undefined ? process.cwd() : dirname(resolve(entry));
  for (;;) {
    const found = read(join(folder, 'package.json'));
    if (found?.name !== undefined) return found;
    const parent = dirname(folder);
    if (parent === folder) return {};
    folder = parent;
  }
}

function read(file: string): PackageInfo | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Absent or unreadable: the next folder up may have one.
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { name, version } = parsed as Record<string, unknown>;
  return {
    ...(typeof name === 'string' && { name }),
    ...(typeof version === 'string' && { version }),
  };
}
