/** What Node itself brings. */

import { context } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { loadChunk } from '../../chunks.ts';
import { always, type InstrumentationEntry, withMetrics } from '../entry.ts';

export const NODE_INSTRUMENTATIONS: readonly InstrumentationEntry[] = [
  {
    name: 'http',
    packageName: '@opentelemetry/instrumentation-http',
    when: always,
    // Our own requests to the backends, mostly: without a look at them an envelope costs 100 µs less.
    defaults: { ignoreOutgoingRequestHook: () => isTracingSuppressed(context.active()) },
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-http')>(
        import.meta.url,
        '@opentelemetry/instrumentation-http',
      ).HttpInstrumentation,
  },
  {
    name: 'undici',
    packageName: '@opentelemetry/instrumentation-undici',
    when: always,
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-undici')>(
        import.meta.url,
        '@opentelemetry/instrumentation-undici',
      ).UndiciInstrumentation,
  },
  {
    name: 'net',
    packageName: '@opentelemetry/instrumentation-net',
    when: always,
    onlyWhenNamed: always,
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-net')>(
        import.meta.url,
        '@opentelemetry/instrumentation-net',
      ).NetInstrumentation,
  },
  {
    name: 'dns',
    packageName: '@opentelemetry/instrumentation-dns',
    when: always,
    onlyWhenNamed: always,
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-dns')>(
        import.meta.url,
        '@opentelemetry/instrumentation-dns',
      ).DnsInstrumentation,
  },
  {
    name: 'fs',
    packageName: '@opentelemetry/instrumentation-fs',
    when: always,
    onlyWhenNamed: always,
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-fs')>(
        import.meta.url,
        '@opentelemetry/instrumentation-fs',
      ).FsInstrumentation,
  },
  {
    name: 'runtime-node',
    packageName: '@opentelemetry/instrumentation-runtime-node',
    when: withMetrics,
    load: () =>
      loadChunk<typeof import('@opentelemetry/instrumentation-runtime-node')>(
        import.meta.url,
        '@opentelemetry/instrumentation-runtime-node',
      ).RuntimeNodeInstrumentation,
  },
];
