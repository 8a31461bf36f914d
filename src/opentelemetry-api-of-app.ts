/**
 * The application's `@opentelemetry/api` as OpenTelemetry's instrumentation base class imports it (`scripts/build.ts`
 * puts this module in its place, outside the preload): api 1.9 has no logs, and the import of a name that a module
 * doesn't export is an error.
 */
import * as api from '@opentelemetry/api';

export const { diag, metrics, trace } = api;

/** As `api.logs` of 1.10, as far as the base class goes. */
interface Logs {
  getLogger(name: string, version?: string): unknown;
  getLoggerProvider(): unknown;
}

const none: Logs = { getLogger: () => undefined, getLoggerProvider: () => undefined };

// Not `api.logs`, of which the bundler would make a named import.
export const logs: Logs = Reflect.get(api, 'logs') ?? none;
