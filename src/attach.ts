import type { ContextManager } from '@opentelemetry/api';
import { packagesOfThisApp } from './app-packages.ts';
import type { Config } from './config/config.ts';
import { debug, report } from './diagnostics.ts';
import { registeredContextManager } from './existing-setup.ts';
import { loadErrorInstrumentations } from './instrumentations/registry.ts';
import { installLifecycle } from './lifecycle/lifecycle.ts';
import { findRegisteredGlobals } from './registered-globals.ts';
import type { SentryStart } from './start-sentry.ts';

/**
 * What the preload does where something else runs OpenTelemetry: no second SDK, since every request would have two
 * spans. Sentry gets errors, with one isolation scope for each request and message, and logs, all on the spans that are
 * there; those spans it doesn't get. The headers stay as that set-up writes them.
 */
export function attach(sentry: SentryStart, config: Config): void {
  findRegisteredGlobals();
  loadErrorInstrumentations({
    packages: packagesOfThisApp(),
    onRouteError: sentry.pipeline.captureRouteError,
    onProblem: report,
  });
  whenRegistered((manager) => sentry.pipeline.followContextManager(manager));
  installLifecycle({
    sources: [sentry.transport],
    budgetMs: config.flushTimeoutMs,
    captureFatal: sentry.captureFatal,
    onDiagnostic: debug,
  });
}

/** How many turns of the event loop a later preload may take to register its context manager. */
const TURNS = 1_000;

function whenRegistered(found: (manager: ContextManager) => void, turns = TURNS): void {
  const manager = registeredContextManager();
  if (manager !== undefined) found(manager);
  else if (turns > 0) setImmediate(() => whenRegistered(found, turns - 1)).unref();
}
