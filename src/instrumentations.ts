/**
 * What the preload instruments by itself, for an OpenTelemetry set-up of one's own.
 *
 * @example
 * const sentry = createSentryPipeline();
 * new NodeSDK({
 *   instrumentations: [
 *     ...getNodeAutoInstrumentations({
 *       '@opentelemetry/instrumentation-amqplib': { enabled: false },
 *       '@opentelemetry/instrumentation-kafkajs': { enabled: false },
 *       ...sentry?.instrumentationConfigs,
 *     }),
 *     ...sentryInstrumentations(sentry),
 *   ],
 *   …
 * }).start();
 */
import { resolveConfig } from './config/config.ts';
import { ExpressErrorInstrumentation } from './instrumentations/frameworks/express.ts';
import { FastifyErrorInstrumentation } from './instrumentations/frameworks/fastify.ts';
import { HapiErrorInstrumentation } from './instrumentations/frameworks/hapi.ts';
import { HonoErrorInstrumentation } from './instrumentations/frameworks/hono.ts';
import { KoaErrorInstrumentation } from './instrumentations/frameworks/koa.ts';
import { AmqplibInstrumentation } from './messaging/amqplib/instrumentation.ts';
import { KafkaJsInstrumentation } from './messaging/kafkajs/instrumentation.ts';
import { configureMessaging } from './messaging/runtime.ts';
import type { Instrumentation } from './opentelemetry/sdk-interfaces.ts';
import type { SentryPipeline } from './sentry/pipeline.ts';

export type { Instrumentation } from './opentelemetry/sdk-interfaces.ts';

const FRAMEWORKS = [
  ExpressErrorInstrumentation,
  FastifyErrorInstrumentation,
  KoaErrorInstrumentation,
  HapiErrorInstrumentation,
  HonoErrorInstrumentation,
];

/**
 * Our instrumentations of kafkajs and amqplib, which take the place of OpenTelemetry's, and those that capture the
 * errors of Express, Fastify, Koa, Hapi and Hono routes for Sentry and make no spans. What the application hasn't
 * installed costs nothing. Environment variables configure them as they do the preload.
 *
 * Create them before the libraries are loaded. Applications of ES modules need OpenTelemetry's loader hook as for any
 * other instrumentation.
 *
 * @param sentry gets the errors; without it there are spans of messages alone.
 */
export function sentryInstrumentations(
  sentry?: Pick<SentryPipeline, 'captureHandlerError' | 'captureRouteError'> | undefined,
): Instrumentation[] {
  const { config } = resolveConfig(process.env);
  const { captureErrors, ...messaging } = config.messaging;
  configureMessaging({
    ...messaging,
    onHandlerError: captureErrors ? sentry?.captureHandlerError : undefined,
  });
  const onError = sentry?.captureRouteError;
  const frameworks = onError === undefined ? [] : FRAMEWORKS.map((Framework) => new Framework({ onError }));
  return [...frameworks, new KafkaJsInstrumentation(), new AmqplibInstrumentation()];
}
