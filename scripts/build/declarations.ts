/** Type declarations of the public entries, and nothing beside what they need. */

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { packageOf } from './imports.ts';

export interface DeclarationOptions {
  readonly root: string;
  /** Of the declarations, as in tsconfig.build.json. */
  readonly outDir: string;
  /** Declaration files that package.json's `exports` name. */
  readonly entries: readonly string[];
  /** Packages whose types a user has. */
  readonly known: readonly string[];
}

/**
 * Runs tsc and removes what no entry leads to: the preload's own modules speak in types of development packages.
 * @throws with the compiler's output, or where an entry's declarations need a package that a user may lack.
 */
export function writeDeclarations({ root, outDir, entries, known }: DeclarationOptions): void {
  compile(root);
  const needed = new Set<string>();
  const pending = entries.map((entry) => join(root, entry));
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (needed.has(file)) continue;
    if (!existsSync(file)) throw new Error(`${relative(root, file)}: tsc didn't write it`);
    needed.add(file);
    for (const specifier of specifiersIn(readFileSync(file, 'utf8'))) {
      if (specifier.startsWith('.')) pending.push(declarationOf(join(dirname(file), specifier)));
      else if (!isBuiltin(specifier) && !known.includes(packageOf(specifier))) {
        throw new Error(`${relative(root, file)} needs types of "${specifier}", which a user may not have`);
      }
    }
  }
  for (const file of globSync('**/*.d.ts', { cwd: join(root, outDir) })) {
    if (!needed.has(join(root, outDir, file))) rmSync(join(root, outDir, file));
  }
}

function compile(root: string): void {
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  try {
    // Declaration maps would lead to sources that aren't in the package.
    execFileSync(tsc, ['-p', 'tsconfig.build.json', '--declarationMap', 'false'], {
      cwd: root,
      encoding: 'utf8',
    });
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string }; // as execFileSync throws
    throw new Error(`tsc -p tsconfig.build.json failed\n${stdout}`, {
      cause: error,
    });
  }
}

/** In the compiler's own output, so a pattern will do: `from '…'`, `import('…')`, `import '…'`. */
function specifiersIn(declarations: string): string[] {
  return [...declarations.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)].flatMap(
    ([, specifier]) => specifier ?? [],
  );
}

function declarationOf(path: string): string {
  return path.replace(/\.[jt]s$/, '.d.ts');
}
