/** What the built files may import when they run: nothing that an application might not have. */

import { isBuiltin } from 'node:module';
import { isAbsolute, relative } from 'node:path';
import type { LogLevel, OutputChunk, Plugin, RolldownLog } from 'rolldown';

export interface ImportRule {
  /** Names the output in messages, as in "the main entry". */
  readonly output: string;
  /** Packages that the application or npm sees to. */
  readonly external: readonly string[];
  /** Packages that may be bundled; undefined: all. */
  readonly bundled?: readonly string[];
}

/** Fails the build at the import statement that breaks the rule. */
export function onlyImports({ output, external, bundled }: ImportRule, root: string): Plugin {
  return {
    name: 'only-imports',
    resolveId: {
      order: 'pre',
      handler(source, importer) {
        if (importer === undefined || source.startsWith('.') || source.startsWith('\0') || isAbsolute(source))
          return null;
        if (source.startsWith('#')) return null; // a package's own
        if (isBuiltin(source)) return { id: source, external: true };
        const name = packageOf(source);
        if (external.includes(name)) return { id: source, external: true };
        if (bundled === undefined || bundled.includes(name)) return null;
        const allowed = [...external, ...bundled].join(', ');
        return this.error(
          `${relative(root, importer)} imports "${source}", but ${output} may import only ${allowed} and node:* ` +
            '(write `import type` where only types are meant)',
        );
      },
    },
  };
}

/** `@scope/name/file` → `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** rolldown leaves what it can't resolve for run time, with a warning; here that is an error, as is any other one. */
export function failOnWarning(level: LogLevel, log: RolldownLog): void {
  if (level === 'warn') throw new Error(log.message);
}

const REQUIRE_CALL = /\b_*require\(["']([^"'.][^"']*)["']\)/g;

/** Finds what the bundler didn't see: a `require` of a package's own making. @throws for what `rule` doesn't allow. */
export function forbidHiddenRequires(chunks: readonly OutputChunk[], { output, external }: ImportRule): void {
  for (const { fileName, code } of chunks) {
    for (const [call, specifier = ''] of code.matchAll(REQUIRE_CALL)) {
      if (isBuiltin(specifier) || external.includes(packageOf(specifier))) continue;
      throw new Error(
        `${fileName}: ${call} is left for run time, but ${output} may load only ${external.join(', ')}`,
      );
    }
  }
}
