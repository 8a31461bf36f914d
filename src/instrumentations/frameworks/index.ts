/**
 * What captures the errors of web frameworks' routes for Sentry. Each is a chunk of its own, loaded only for an
 * application that has the framework. They come before OpenTelemetry's own instrumentations (`FastifyErrorInstrumentation`
 * says why).
 */

import type { AppPackages } from '../../app-packages.ts';
import { loadChunk } from '../../chunks.ts';
import { reason } from '../../diagnostics.ts';
import type {
  FrameworkInstrumentation,
  FrameworkInstrumentationConfig,
  RouteErrorReporter,
} from './framework-instrumentation.ts';

export type { RouteErrorInfo, RouteErrorReporter } from './framework-instrumentation.ts';

export type FrameworkInstrumentationClass = new (
  config: FrameworkInstrumentationConfig,
) => FrameworkInstrumentation;

/** By the package that makes the instrumentation worth loading. */
export const FRAMEWORK_INSTRUMENTATIONS: Readonly<Record<string, () => FrameworkInstrumentationClass>> = {
  express: () =>
    loadChunk<typeof import('./express.ts')>(import.meta.url, './express.ts').ExpressErrorInstrumentation,
  fastify: () =>
    loadChunk<typeof import('./fastify.ts')>(import.meta.url, './fastify.ts').FastifyErrorInstrumentation,
  koa: () => loadChunk<typeof import('./koa.ts')>(import.meta.url, './koa.ts').KoaErrorInstrumentation,
  '@hapi/hapi': () =>
    loadChunk<typeof import('./hapi.ts')>(import.meta.url, './hapi.ts').HapiErrorInstrumentation,
  hono: () => loadChunk<typeof import('./hono.ts')>(import.meta.url, './hono.ts').HonoErrorInstrumentation,
};

/** Those for the frameworks the application has. Never throws: one that fails is reported and left out. */
export function loadFrameworkInstrumentations(options: {
  readonly packages: AppPackages;
  readonly onError: RouteErrorReporter;
  readonly onProblem: (line: string) => void;
}): FrameworkInstrumentation[] {
  const { packages, onError, onProblem } = options;
  const attempt = <T>(framework: string, run: () => T): T | undefined => {
    try {
      return run();
    } catch (error) {
      onProblem(`${framework}: errors of routes are not captured (got ${reason(error)}, expected no error)`);
      return undefined;
    }
  };
  // All are loaded before the first one hooks `require`: what a chunk itself requires, such as `node:http`, would count
  // as hooked then, and OpenTelemetry's instrumentation of it would come too late.
  const classes = Object.entries(FRAMEWORK_INSTRUMENTATIONS)
    .filter(([framework]) => packages.has(framework))
    .map(([framework, load]) => [framework, attempt(framework, load)] as const);
  return classes.flatMap(
    ([framework, Class]) => (Class && attempt(framework, () => new Class({ onError }))) ?? [],
  );
}
