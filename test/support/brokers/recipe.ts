import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The label on an image made here: the hash of the recipe it was made from. */
export const RECIPE_LABEL = 'acme.otel-sentry.recipe';

/** A hash of what an image is made from, texts and files: the same on every machine. */
export function recipeHash(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  // Each part's own hash, so that no two lists of parts run together into the same bytes.
  for (const part of parts) hash.update(createHash('sha256').update(part).digest());
  return hash.digest('hex');
}

/** The names and contents of a folder's files, in an order that doesn't depend on the file system. */
export async function filesOf(folder: string): Promise<(string | Uint8Array)[]> {
  const names = (await readdir(folder)).sort();
  const files = names.map(async (name) => [name, await readFile(path.join(folder, name))]);
  return (await Promise.all(files)).flat();
}

/**
 * Whether an image with these labels will do for a recipe of that hash. One without our label was made by some other
 * tool under the same name, by someone who wants it used.
 */
export function isUpToDate(labels: Readonly<Record<string, string>>, hash: string): boolean {
  const madeFrom = labels[RECIPE_LABEL];
  return madeFrom === undefined || madeFrom === hash;
}
