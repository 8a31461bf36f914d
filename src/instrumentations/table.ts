/**
 * The instrumentations the preload knows: those of `@opentelemetry/auto-instrumentations-node` 0.82 less host-metrics
 * (about the machine, not the service), our own in the place of its two for message brokers, and Fastify's, which that
 * set gave up in favour of Fastify's own. Each is a chunk, loaded only for an application that has what it instruments.
 */

import type { InstrumentationEntry } from './entry.ts';
import { DATA_INSTRUMENTATIONS } from './table/data.ts';
import { MESSAGING_INSTRUMENTATIONS } from './table/messaging.ts';
import { NODE_INSTRUMENTATIONS } from './table/node.ts';
import { SERVICES_INSTRUMENTATIONS } from './table/services.ts';
import { WEB_INSTRUMENTATIONS } from './table/web.ts';

export const INSTRUMENTATIONS: readonly InstrumentationEntry[] = [
  ...NODE_INSTRUMENTATIONS,
  ...WEB_INSTRUMENTATIONS,
  ...DATA_INSTRUMENTATIONS,
  ...SERVICES_INSTRUMENTATIONS,
  ...MESSAGING_INSTRUMENTATIONS,
];
