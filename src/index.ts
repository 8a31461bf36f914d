/**
 * The parts for an OpenTelemetry set-up of one's own: they run on that set-up's SDK, 2 or 3, and bring none.
 *
 * @example
 * const sentry = createSentryPipeline();
 * new NodeSDK({
 *   sampler: sentry.sampler,
 *   contextManager: sentry.contextManager,
 *   textMapPropagator: sentry.propagator,
 *   spanProcessors: [sentry.spanProcessor, new BatchSpanProcessor({ exporter })],
 * }).start();
 */
export type { SentryConfig } from './config/config.ts';
export { SentryContextManager } from './sentry/context-manager.ts';
export { createSentryPipeline, type SentryPipeline, type SentryPipelineOptions } from './sentry/pipeline.ts';
export { SentrySampler, type SentrySamplerOptions } from './sentry/sampler.ts';
export { SentrySpanProcessor } from './sentry/span-processor.ts';
