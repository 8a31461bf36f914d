import type { Client } from '@sentry/core';
import { previousGeneration } from './generation.ts';
import { core } from './sdk.ts';

/** Sentry 10 looks for a log's span on the scope, where only its own spans are; Sentry 11 asks which one is active. */
export function nameSpanOnLogs(client: Client): void {
  if (previousGeneration === undefined) return;
  client.on('beforeCaptureLog', (log) => {
    const span = core.getActiveSpan();
    if (span === undefined) return;
    log.attributes = { ...log.attributes, 'sentry.trace.parent_span_id': span.spanContext().spanId };
  });
}
