/** Cloud services, logging, tests. */

import { loadChunk } from '../../chunks.ts';
import { type InstrumentationEntry, withAny } from '../entry.ts';

export const SERVICES_INSTRUMENTATIONS: readonly InstrumentationEntry[] = [
  {
    name: 'aws-sdk',
    packageName: '@opentelemetry/instrumentation-aws-sdk',
    when: withAny(
      '@aws-sdk/middleware-stack',
      '@smithy/middleware-stack',
      '@smithy/core',
      '@aws-sdk/smithy-client',
      '@smithy/smithy-client',
    ),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-aws-sdk')>(
        import.meta.url,
        '@opentelemetry/instrumentation-aws-sdk',
      ).AwsInstrumentation,
  },
  {
    name: 'bunyan',
    packageName: '@opentelemetry/instrumentation-bunyan',
    when: withAny('bunyan'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-bunyan')>(
        import.meta.url,
        '@opentelemetry/instrumentation-bunyan',
      ).BunyanInstrumentation,
  },
  {
    name: 'cucumber',
    packageName: '@opentelemetry/instrumentation-cucumber',
    when: withAny('@cucumber/cucumber'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-cucumber')>(
        import.meta.url,
        '@opentelemetry/instrumentation-cucumber',
      ).CucumberInstrumentation,
  },
  {
    name: 'openai',
    packageName: '@opentelemetry/instrumentation-openai',
    when: withAny('openai'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-openai')>(
        import.meta.url,
        '@opentelemetry/instrumentation-openai',
      ).OpenAIInstrumentation,
  },
  {
    name: 'pino',
    packageName: '@opentelemetry/instrumentation-pino',
    when: withAny('pino'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-pino')>(
        import.meta.url,
        '@opentelemetry/instrumentation-pino',
      ).PinoInstrumentation,
  },
  {
    name: 'winston',
    packageName: '@opentelemetry/instrumentation-winston',
    when: withAny('winston'),
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-winston')>(
        import.meta.url,
        '@opentelemetry/instrumentation-winston',
      ).WinstonInstrumentation,
  },
];
