// How a shop starts OpenTelemetry itself, 2 or 3, with Sentry in it: `node --import ./own-sdk.mjs app.mjs`.
import { register } from 'node:module';
import { createSentryPipeline } from '@acme/otel-sentry';
import { sentryInstrumentations } from '@acme/otel-sentry/instrumentations';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';

// For applications of ES modules.
register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);

const sentry = createSentryPipeline(); // undefined without SENTRY_DSN
const sdk = new NodeSDK({
  sampler: sentry?.sampler,
  contextManager: sentry?.contextManager,
  textMapPropagator: sentry?.propagator,
  spanProcessors: [
    ...(sentry ? [sentry.spanProcessor] : []),
    new BatchSpanProcessor({ exporter: new OTLPTraceExporter() }),
  ],
  instrumentations: [
    new HttpInstrumentation(sentry?.instrumentationConfigs['@opentelemetry/instrumentation-http']),
    new UndiciInstrumentation(),
    new ExpressInstrumentation(),
    ...sentryInstrumentations(sentry), // kafkajs, amqplib, and the errors of Express routes
  ],
});
sdk.start();

process.once('SIGTERM', async () => {
  await sdk.shutdown().catch(console.error); // rejects where the collector can't be reached
  await sentry?.shutdown();
});
