/** What a set of instrumentations patches, told apart by how the preload has to see to it. */

import { isBuiltin } from 'node:module';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Instrumentation, InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';

export interface InstrumentedModules {
  /** Node's own modules, without `node:`. */
  readonly builtins: readonly string[];
  /** The rest, as import-in-the-middle's `include` wants it: packages' names, files' URLs and patterns of URLs. */
  readonly include: readonly (string | RegExp)[];
}

export function instrumentedModules(instrumentations: readonly Instrumentation[]): InstrumentedModules {
  const builtins = new Set<string>();
  const modules = new Set<string>();
  const files = new Set<string>();
  for (const { name, files: inside } of instrumentations.flatMap(definitionsOf)) {
    if (isBuiltin(name)) builtins.add(name.replace(/^node:/, ''));
    else if (isAbsolute(name)) modules.add(pathToFileURL(name).href);
    else {
      modules.add(name);
      // A package of ES modules imports its own files by relative paths, so only their URLs tell them.
      for (const file of inside) files.add(file.name);
    }
  }
  return { builtins: [...builtins], include: [...modules, ...(files.size === 0 ? [] : [urlOfAny(files)])] };
}

/** An instrumentation that patches nothing (it listens on diagnostics channels) may have no definitions at all. */
function definitionsOf(instrumentation: Instrumentation): readonly InstrumentationModuleDefinition[] {
  // Of the base class, not of the interface.
  const { getModuleDefinitions } = instrumentation as {
    getModuleDefinitions?: () => InstrumentationModuleDefinition[];
  };
  return getModuleDefinitions?.call(instrumentation) ?? [];
}

/** @param files paths that begin with their package's name, as in `pg/lib/client.js`. */
function urlOfAny(files: ReadonlySet<string>): RegExp {
  const paths = [...files].map((file) => file.replaceAll('\\', '/').replace(/[.+*?^$(){}|[\]]/g, '\\$&'));
  return new RegExp(`/node_modules/(?:${paths.join('|')})$`);
}
