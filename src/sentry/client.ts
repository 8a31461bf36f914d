import type { Integration } from '@sentry/core';
import type { NodeClient, NodeOptions } from '@sentry/node';
import type { SentryConfig } from '../config/config.ts';
import { sentryNode } from './sdk.ts';

/** Options of Sentry 10 that 11 no longer has; each generation ignores the other's. */
interface PreviousGenerationOptions {
  /** Sentry 10 would register OpenTelemetry parts of its own. */
  readonly skipOpenTelemetrySetup: true;
  /** Sentry 11 always has logs. */
  readonly enableLogs: true;
}

/**
 * Sentry's integrations that something of ours takes the place of.
 * - Http: OpenTelemetry's instrumentation observes requests; Sentry's costs 65 µs a request on top.
 * - Express … Nitro: they need Sentry's code injection, which is off; `src/instrumentations/frameworks` captures.
 * - OnUncaughtException, OnUnhandledRejection: they change how a process ends; `src/lifecycle` does not.
 */
const REPLACED: ReadonlySet<string> = new Set([
  'Http',
  'Express',
  'Fastify',
  'Hapi',
  'Hono',
  'Koa',
  'Nitro',
  'OnUncaughtException',
  'OnUnhandledRejection',
]);

/** What an application may set on Sentry's client beside the configuration: hooks, filters, samplers, integrations. */
export type ClientOptions = Omit<
  NodeOptions,
  'defaultIntegrations' | 'transport' | 'enableRuntimeChannelInjection' | 'dsn'
>;

/** Starts Sentry's client without any tracing of its own. */
export function startClient(
  config: SentryConfig,
  parts: {
    readonly integrations: readonly Integration[];
    readonly transport?: NodeOptions['transport'];
    readonly options: ClientOptions;
  },
): NodeClient | undefined {
  const ours = new Set(parts.integrations.map(({ name }) => name));
  const defaults = sentryNode
    .getDefaultIntegrationsWithoutPerformance()
    .filter(({ name }) => !REPLACED.has(name) && !ours.has(name) && name !== 'NodeFetch');
  const options: NodeOptions & PreviousGenerationOptions = {
    dsn: config.dsn,
    environment: config.environment,
    tracesSampleRate: config.tracesSampleRate,
    debug: config.debug,
    maxBreadcrumbs: config.maxBreadcrumbs,
    traceLifecycle: config.traceLifecycle,
    enableRuntimeChannelInjection: false,
    skipOpenTelemetrySetup: true,
    enableLogs: true,
    initialScope: { tags: { ...config.tags } },
    defaultIntegrations: [
      ...defaults,
      // Breadcrumbs of fetch; with propagation on it would write `sentry-trace` a second time.
      sentryNode.nativeNodeFetchIntegration({ spans: false, tracePropagation: false }),
      ...parts.integrations,
    ],
    ...(config.release !== undefined && { release: config.release }),
    ...parts.options,
    ...(parts.transport !== undefined && { transport: parts.transport }),
  };
  return withoutStack(() => sentryNode.init(options));
}

/**
 * Sentry looks at its call stack for a `--require` preload and warns that Node runs those on the loader thread too.
 * Ours does not start there, so the warning would be wrong.
 */
function withoutStack<T>(run: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
