/** Where applications under test run. */

import { fileURLToPath } from 'node:url';

/** A project as an application has it: its packages, and how it starts telemetry. */
export interface Project {
  /** Has what runs in it at the same paths as this repository. */
  readonly folder: string;
  /** Node's own options, which start telemetry. */
  readonly execArgv: readonly string[];
}

export const PRELOAD = '@acme/otel-sentry/register';

/** This repository, where the preload's name means this package. */
export const CHECKOUT: Project = {
  folder: fileURLToPath(new URL('../..', import.meta.url)),
  execArgv: ['--import', PRELOAD],
};
