/** The preload of a process that has Sentry's own tracing and nothing else. */

import { createRequire } from 'node:module';

// By require, as the fixture loads its client: Sentry in both module formats would be there twice.
const Sentry = createRequire(import.meta.url)('@sentry/node') as typeof import('@sentry/node');
Sentry.init({
  dsn: process.env.SENTRY_DSN,
  tracesSampleRate: 1,
  // Else envelopes beyond the first 64 under way are dropped, which is cheaper than to send them.
  transportOptions: { bufferSize: 100_000 },
});
