/**
 * What captures the errors of web frameworks' routes for Sentry. Each is a chunk of its own, loaded only for an
 * application that has the framework. They come before OpenTelemetry's own instrumentations (`FastifyErrorInstrumentation`
 * says why).
 */

import { loadChunk } from '../../chunks.ts';
import type {
  FrameworkInstrumentation,
  FrameworkInstrumentationConfig,
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
