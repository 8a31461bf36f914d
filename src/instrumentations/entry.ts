/** What the preload has to know of an instrumentation before it loads it. */

import type { Instrumentation, InstrumentationConfig } from '@opentelemetry/instrumentation';
import type { AppPackages } from '../app-packages.ts';

/** What an instrumentation's condition may depend on. */
export interface Situation {
  readonly packages: AppPackages;
  readonly env: NodeJS.ProcessEnv;
  /** Whether metrics are exported at all. */
  readonly metrics: boolean;
}

export interface InstrumentationEntry {
  /**
   * As in `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `OTEL_NODE_DISABLED_INSTRUMENTATIONS`, where it stands for
   * `@opentelemetry/instrumentation-<name>`.
   */
  readonly name: string;
  /** The package it comes from; the key of its options in a configuration. */
  readonly packageName: string;
  /** Whether the application has what it instruments. */
  readonly when: (situation: Situation) => boolean;
  /** Of more cost or noise than use to most services: only where the environment or the configuration names it. */
  readonly onlyWhenNamed?: (situation: Situation) => boolean;
  /** Options that differ from the instrumentation's own defaults. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Loads its code. */
  readonly load: () => new (config?: InstrumentationConfig) => Instrumentation;
}

export const always = (): boolean => true;

/** For an application that has one of these packages. */
export const withAny =
  (...names: readonly string[]) =>
  ({ packages }: Situation): boolean =>
    names.some((name) => packages.has(name));

export const withMetrics = ({ metrics }: Situation): boolean => metrics;

/** The Lambda runtime sets both; the instrumentation finds the handler's file by them. */
export const inLambda = ({ env }: Situation): boolean =>
  Boolean(env.LAMBDA_TASK_ROOT) && Boolean(env._HANDLER);
