/** Trace context on the wire: Sentry's and OpenTelemetry's headers over HTTP, Kafka and AMQP. */
export { AmqpHeaders, type AmqpHeaderTable } from './amqp.ts';
export type { MessageHeaders } from './carrier.ts';
export { type PropagationCounters, propagationCounters } from './counters.ts';
export { type ForeignFormat, ForeignPropagator } from './foreign/index.ts';
export { type KafkaHeaderMap, KafkaHeaders } from './kafka.ts';
export {
  type HeaderFormat,
  type SentryOutgoing,
  SentryPropagator,
  type SentryPropagatorOptions,
  type SentrySource,
} from './propagator.ts';
export { type SentryTraceData, SentryTraceState } from './sentry-trace-state.ts';
