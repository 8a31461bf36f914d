/**
 * What crosses the wire, for those who put trace context on messages themselves: Sentry's and OpenTelemetry's headers
 * over HTTP, Kafka and AMQP, and helpers for message clients without an instrumentation.
 */
export * from '../propagators/index.ts';
export { keepTraceContext } from './messaging/headers.ts';
export {
  consumeWithTrace,
  type MessageToConsume,
  type MessageToPublish,
  publishWithTrace,
  withMessageContext,
} from './messaging/helpers.ts';
export type { HeaderMap } from './messaging/message.ts';
export { type MessagingCounters, messagingCounters } from './messaging/runtime.ts';
