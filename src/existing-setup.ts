/** Finds OpenTelemetry that something else starts in this process. */

import type { ContextManager, TracerProvider } from '@opentelemetry/api';

/** Where every copy of `@opentelemetry/api` 1.x keeps what was registered. */
interface ApiGlobals {
  readonly trace?: TracerProvider;
  readonly context?: ContextManager;
}

const API = Symbol.for('opentelemetry.js.api.1');

/** Preloads that start OpenTelemetry; the operator for Kubernetes and EDOT put theirs into NODE_OPTIONS. */
const PRELOADS = [
  '@opentelemetry/auto-instrumentations-node/register',
  '@elastic/opentelemetry-node',
  'otel-auto-instrumentation',
  'autoinstrumentation.js',
  '@splunk/otel',
  '@grafana/otel',
  '@dash0/opentelemetry',
  'solarwinds-apm',
] as const;

export interface ExistingSetup {
  /** What is there, for people. */
  readonly what: string;
}

/** What owns OpenTelemetry in this process or is about to; undefined: nobody, so we can. */
export function existingSetup(
  env: NodeJS.ProcessEnv,
  execArgv: readonly string[],
): ExistingSetup | undefined {
  const options = [...execArgv, env.NODE_OPTIONS ?? ''].join(' ');
  const preload = PRELOADS.find((name) => options.includes(name));
  if (apiGlobals()?.trace !== undefined) {
    return { what: preload ?? 'a tracer provider that was registered before this preload' };
  }
  return preload && { what: preload };
}

/** The context manager in use, once there is one. */
export function registeredContextManager(): ContextManager | undefined {
  return apiGlobals()?.context;
}

export function registeredTracerProvider(): TracerProvider | undefined {
  return apiGlobals()?.trace;
}

function apiGlobals(): ApiGlobals | undefined {
  return (globalThis as { [API]?: ApiGlobals })[API];
}
