/** The generations of Sentry and OpenTelemetry that an application may have, each a project of its own. */

import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModuleSystem } from '../../demo/shop.ts';
import { PRELOAD, type Project } from '../support/project.ts';

export interface Generation {
  /** That of its folder below `projects/`, which has its package.json and lock. */
  readonly name: string;
  readonly project: Project;
  readonly modules: readonly ModuleSystem[];
}

const OWN_SDK = './own-sdk.mjs';

/** Outside the repository, whose packages a project would find else where it lacks one; one for each checkout. */
export const PROJECTS = join(
  tmpdir(),
  `otel-sentry-generations-${shortHash(fileURLToPath(import.meta.url))}`,
);

/** The first is what a new application gets: it runs in both module systems. */
export const GENERATIONS: readonly Generation[] = [
  generation('sentry11-preload', PRELOAD, ['esm', 'cjs']),
  generation('sentry11-otel3', OWN_SDK),
  generation('sentry11-otel2', OWN_SDK),
  generation('sentry10-preload', PRELOAD),
  generation('sentry10-otel3', OWN_SDK),
  generation('sentry10-otel2', OWN_SDK),
];

function generation(name: string, imported: string, modules: readonly ModuleSystem[] = ['esm']): Generation {
  return { name, project: { folder: join(PROJECTS, name), execArgv: ['--import', imported] }, modules };
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
