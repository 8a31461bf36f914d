/**
 * Which instrumentations a user wants, by the variables of `@opentelemetry/auto-instrumentations-node`:
 * https://github.com/open-telemetry/opentelemetry-js-contrib/tree/main/packages/auto-instrumentations-node#usage-auto-instrumentation
 */

import { Environment } from '../config/environment.ts';
import type { InstrumentationEntry, Situation } from './entry.ts';

/** Short names; `enabled` undefined: the environment doesn't limit them. */
export interface NamedInstrumentations {
  readonly enabled: ReadonlySet<string> | undefined;
  readonly disabled: ReadonlySet<string>;
}

const ENABLED = 'OTEL_NODE_ENABLED_INSTRUMENTATIONS';
const DISABLED = 'OTEL_NODE_DISABLED_INSTRUMENTATIONS';

/** @param onProblem gets a line for each name that isn't in `known`. */
export function namedInEnvironment(
  env: NodeJS.ProcessEnv,
  known: ReadonlySet<string>,
  onProblem: (line: string) => void,
): NamedInstrumentations {
  const environment = new Environment(env);
  const read = (variable: string): Set<string> | undefined => {
    const names = environment.list(variable) ?? [];
    for (const name of names) {
      if (!known.has(name)) onProblem(unknownName(variable, name, known));
    }
    return names.length === 0 ? undefined : new Set(names);
  };
  return { enabled: read(ENABLED), disabled: read(DISABLED) ?? new Set() };
}

export function unknownName(where: string, name: string, known: Iterable<string>): string {
  return `${where}: unknown instrumentation (got ${JSON.stringify(name)}, expected ${[...known].join(', ')})`;
}

/** What the configuration says of one instrumentation. */
export type Wish = 'on' | 'off' | 'unsaid';

/**
 * Whether to load an instrumentation. The configuration beats the environment, "disabled" beats "enabled"; only a
 * configuration that says `enabled: true` loads one whose package wasn't found (an unusual layout of packages).
 */
export function isWanted(
  { name, when, onlyWhenNamed = () => false }: Pick<InstrumentationEntry, 'name' | 'when' | 'onlyWhenNamed'>,
  wish: Wish,
  named: NamedInstrumentations,
  situation: Situation,
): boolean {
  if (wish !== 'unsaid') return wish === 'on';
  if (named.disabled.has(name)) return false;
  if (named.enabled === undefined ? onlyWhenNamed(situation) : !named.enabled.has(name)) return false;
  return when(situation);
}
