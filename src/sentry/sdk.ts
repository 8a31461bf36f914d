import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BRIDGE_CONTRACT } from './contract.ts';
import type { SentryCopy } from './other-versions.ts';

/**
 * The one door through which anything of Sentry enters: which copy of Sentry runs is decided here and nowhere
 * else. It is the application's copy, so that the client started here is the one the application's own
 * `Sentry.captureException` finds: Sentry keys its global state by exact version.
 *
 * The CommonJS builds are taken because they load in half the time of the ES module builds.
 */

type Core = typeof import('@sentry/core');
type Node = typeof import('@sentry/node');

/** Thrown while this module loads when the application has no `@sentry/node` that the bridge fits. */
export class MissingSentryError extends Error {
  override readonly name = 'MissingSentryError';
}

function resolveSentryNode(): string {
  const entry = process.argv[1] === undefined ? undefined : resolve(process.argv[1]);
  const places = [entry, resolve(process.cwd(), 'package.json'), import.meta.url];
  for (const place of places) {
    if (place === undefined) continue;
    try {
      return createRequire(place.startsWith('file:') ? place : pathToFileURL(place)).resolve('@sentry/node');
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  throw new MissingSentryError(
    '@sentry/node: not installed, Sentry is off (got nothing, expected version 10.74 or newer: npm install @sentry/node)',
  );
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
}

const sentryNodePath: string = resolveSentryNode();
const requireFromSentry = createRequire(sentryNodePath);

/** `@sentry/node` as the application resolves it. */
// A required module has no static type; this is the package that the path names.
export const sentryNode = requireFromSentry(sentryNodePath) as Node;

/** The `@sentry/core` below that `@sentry/node`. */
// As above.
export const core = requireFromSentry('@sentry/core') as Core;

const missing = BRIDGE_CONTRACT.filter((name) => !(name in core));
if (missing.length > 0) {
  throw new MissingSentryError(
    `@sentry/node: can't be bridged to, Sentry is off (got version ${core.SDK_VERSION} without ${missing.join(', ')}, ` +
      'expected 10.74 to 11)',
  );
}

/** Which copy that is. */
export const sentryCopy: SentryCopy = {
  version: core.SDK_VERSION,
  path: requireFromSentry.resolve('@sentry/core').replace(/(\/@sentry\/core)\/.*$/, '$1'),
};
