/**
 * `node --import @acme/otel-sentry/register app.js`
 *
 * Starts tracing before the application's first line. Whatever goes wrong here is told in one line on stderr, and the
 * application runs as it would without it.
 *
 * In order: only in the main thread, only once, only on a Node that can; then `src/start.ts` reads the environment,
 * starts the parts and installs the hooks that deliver telemetry when the process ends.
 */
import { isMainThread } from 'node:worker_threads';
import { loadChunk } from './src/chunks.ts';
import { reason, report } from './src/diagnostics.ts';
import { oldestNode, supportsNode } from './src/node-version.ts';

type Start = typeof import('./src/start.ts');

const REGISTERED = Symbol.for('@acme/otel-sentry registered');

function register(): void {
  // Workers inherit `--import`; Node also runs `--require` preloads on its module loader thread.
  if (!isMainThread || REGISTERED in globalThis) return;
  Object.defineProperty(globalThis, REGISTERED, { value: true });

  if (!supportsNode(process.versions.node)) {
    report(
      `Node.js: too old, telemetry is off (got ${process.versions.node}, expected ${oldestNode} or newer)`,
    );
    return;
  }
  try {
    const { startFromEnvironment } = loadChunk<Start>(import.meta.url, './src/start.ts');
    startFromEnvironment({ importResolve: (specifier) => import.meta.resolve(specifier) });
  } catch (error) {
    report(`@acme/otel-sentry: could not start, telemetry is off (got ${reason(error)}, expected no error)`);
  }
}

register();
