/** Loads the instrumentations an application needs. */

import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { AppPackages } from '../app-packages.ts';
import { reason } from '../diagnostics.ts';
import type { InstrumentationEntry } from './entry.ts';
import { FRAMEWORK_INSTRUMENTATIONS, type RouteErrorReporter } from './frameworks/index.ts';
import { isWanted, namedInEnvironment, unknownName, type Wish } from './selection.ts';
import { INSTRUMENTATIONS } from './table.ts';

export interface LoadOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly packages: AppPackages;
  /** Whether metrics are exported; Node's own runtime metrics are collected only then. Default: no. */
  readonly metrics?: boolean;
  /** Options by package name; `enabled: false` leaves it out, `enabled: true` loads it whatever the environment says. */
  readonly configs?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /**
   * Gets the errors of web frameworks' routes; without it none are captured. The variables of OpenTelemetry's
   * instrumentations don't limit it: they are about spans.
   */
  readonly onRouteError?: RouteErrorReporter | undefined;
  /** Gets a line for what can't be honoured: an unknown name, an instrumentation that fails to load. */
  readonly onProblem: (line: string) => void;
  /** Which there are to choose from. Default: those of this package. */
  readonly entries?: readonly InstrumentationEntry[];
}

/**
 * Creates the instrumentations; each is enabled by its constructor, on the hooks of require-in-the-middle and
 * import-in-the-middle. Never throws: one that fails is reported and left out.
 */
export function loadInstrumentations(options: LoadOptions): Instrumentation[] {
  // In this order: see FRAMEWORK_INSTRUMENTATIONS.
  return instantiate([...frameworks(options), ...openTelemetrys(options)], options.onProblem);
}

/** Those of web frameworks alone, which capture errors and make no spans. */
export function loadErrorInstrumentations(
  options: Pick<LoadOptions, 'packages' | 'onRouteError' | 'onProblem'>,
): Instrumentation[] {
  return instantiate(frameworks(options), options.onProblem);
}

function instantiate(wanted: readonly Wanted[], onProblem: (line: string) => void): Instrumentation[] {
  const attempt = <T>(name: string, run: () => T): T[] => {
    try {
      return [run()];
    } catch (error) {
      onProblem(`${name}: can't be instrumented (got ${reason(error)}, expected no error)`);
      return [];
    }
  };
  // All are loaded before the first one hooks `require`: what a chunk itself requires, such as `node:http`, would count
  // as hooked then, and the instrumentation of it that comes later would be too late.
  const loaded = wanted.flatMap(([name, load]) => attempt(name, () => [name, load()] as const));
  return loaded.flatMap(([name, create]) => attempt(name, create));
}

/** What it is, for messages, and how to load what makes it. */
type Wanted = readonly [name: string, load: () => () => Instrumentation];

function frameworks({ packages, onRouteError }: Pick<LoadOptions, 'packages' | 'onRouteError'>): Wanted[] {
  if (onRouteError === undefined) return [];
  return Object.entries(FRAMEWORK_INSTRUMENTATIONS)
    .filter(([name]) => packages.has(name))
    .map(([name, load]) => [
      name,
      () => {
        const Class = load();
        return () => new Class({ onError: onRouteError });
      },
    ]);
}

function openTelemetrys(options: LoadOptions): Wanted[] {
  const { env, packages, metrics = false, configs = {}, onProblem, entries = INSTRUMENTATIONS } = options;
  const named = namedInEnvironment(env, new Set(entries.map(({ name }) => name)), onProblem);
  const configurable = new Set(entries.map(({ packageName }) => packageName));
  for (const name of Object.keys(configs)) {
    if (!configurable.has(name)) onProblem(unknownName('instrumentations', name, configurable));
  }
  return entries
    .map((entry) => ({ entry, config: configs[entry.packageName] ?? {} }))
    .filter(({ entry, config }) => isWanted(entry, wishIn(config), named, { packages, env, metrics }))
    .map(({ entry, config }) => [
      entry.packageName,
      () => {
        const Class = entry.load();
        return () => new Class({ ...entry.defaults, ...config });
      },
    ]);
}

function wishIn(config: Readonly<Record<string, unknown>>): Wish {
  if (config.enabled === true) return 'on';
  return config.enabled === false ? 'off' : 'unsaid';
}
