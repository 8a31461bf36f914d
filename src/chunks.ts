/**
 * Parts that are loaded when they are needed, and synchronously: an asynchronous import in the preload would come
 * after the application's own first imports.
 *
 * In source a part is a module or a package. `scripts/build.ts` makes a file below `dist/preload/` of everything
 * named in a call of {@link loadChunk} and writes that file's path into the call. So the call must read
 * `loadChunk<…>(import.meta.url, '<literal>')`.
 */

import { createRequire } from 'node:module';

/**
 * Loads a part of the preload.
 * @param from `import.meta.url` of the caller.
 * @param specifier a relative path (with its extension) or a package's name.
 * @returns its exports; later calls get the same.
 */
export function loadChunk<Exports>(from: string, specifier: string): Exports {
  // What a path exports isn't known to the compiler; callers name the type beside the path.
  return createRequire(from)(specifier) as Exports;
}
