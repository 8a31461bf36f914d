/**
 * Sees to it that what the instrumentations patch is patched however the application loads it. `require` is covered
 * by the instrumentations themselves (require-in-the-middle); here is the rest: ES modules by the loader hooks of
 * import-in-the-middle, Node's own modules in place.
 */

import { createRequire, register, syncBuiltinESMExports } from 'node:module';
import { types } from 'node:util';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { reason } from '../diagnostics.ts';
import { type InstrumentedModules, instrumentedModules } from './instrumented-modules.ts';

type RegisterHooks = typeof import('import-in-the-middle/register-hooks.mjs');

export interface ModuleHooksOptions {
  /**
   * `import.meta.resolve` of an ES module: it alone passes through the loader hooks, and so tells whether there are
   * any. The preload's own chunks are CommonJS, where it doesn't exist.
   */
  readonly importResolve: (specifier: string) => string;
  /** Gets a line where ES modules stay without instrumentation. */
  readonly onProblem: (line: string) => void;
}

/**
 * Registers the hooks for what these instrumentations patch, and nothing else: a wrapped module loses its live
 * bindings, and wrapping costs time. Call it once the instrumentations are enabled, before the application's first
 * import. Never throws.
 */
export function registerModuleHooks(
  instrumentations: readonly Instrumentation[],
  { importResolve, onProblem }: ModuleHooksOptions,
): void {
  try {
    const modules = instrumentedModules(instrumentations);
    patchInPlace(modules.builtins);
    if (modules.include.length === 0) return;
    if (hasHooksAlready(importResolve)) onProblem(HOOKS_ALREADY);
    else registerHooks(modules, onProblem);
  } catch (error) {
    onProblem(`Node.js: ES modules are not instrumented (got ${reason(error)}, expected no error)`);
  }
}

const HOOKS_ALREADY =
  "Node.js: other hooks of import-in-the-middle are registered, so the preload's are not " +
  '(got two of them, expected one: remove the other --import or --experimental-loader)';

/**
 * Loader hooks come too late for a built-in module that any ES module of a preload has imported: its namespace exists.
 * So each is patched in place, by `require` while the instrumentations listen, and its namespace is brought up to
 * date, which named imports then see.
 */
function patchInPlace(builtins: readonly string[]): void {
  if (builtins.length === 0) return;
  const require = createRequire(import.meta.url);
  for (const builtin of builtins) require(builtin);
  syncBuiltinESMExports();
}

/** Their mark is in the URL of whatever they wrap; hooks without a list of modules wrap this one too. */
function hasHooksAlready(importResolve: (specifier: string) => string): boolean {
  return /[?&]iitm=/.test(importResolve('node:http'));
}

function registerHooks({ include }: InstrumentedModules, onProblem: (line: string) => void): void {
  const require = createRequire(import.meta.url);
  // A required path has no static type.
  const { supportsSyncHooks } = require('import-in-the-middle/supports-sync-hooks.mjs') as RegisterHooks;
  if (supportsSyncHooks()) {
    const synchronous = require('import-in-the-middle/register-hooks.mjs') as RegisterHooks; // as above
    synchronous.register({ include: [...include] });
  } else if (isEsModuleRequiredAsPreload(require.cache)) {
    onProblem(
      `Node.js: ES modules are not instrumented (got ${process.version} and --require, ` +
        'expected --import, or a Node from 22.22.3 or 24.11.1)',
    );
  } else {
    // On a thread of its own, deprecated where the synchronous hooks work.
    register('import-in-the-middle/hook.mjs', import.meta.url, { data: { include: [...include] } });
  }
}

/**
 * The thread of the asynchronous hooks runs every `--require` again and can't load an ES module there: the process
 * would end. The preload is one; it is still loading when this asks.
 */
function isEsModuleRequiredAsPreload(cache: NodeJS.Require['cache']): boolean {
  return Object.values(cache).some(
    (module) =>
      module?.parent?.id === 'internal/preload' &&
      (!module.loaded || types.isModuleNamespaceObject(module.exports)),
  );
}
