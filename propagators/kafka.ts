import { type MessageHeaders, messageHeaders } from './carrier.ts';

/** The headers of a Kafka message, as kafkajs types them. Buffers are Uint8Arrays. */
export interface KafkaHeaderMap {
  [key: string]: Uint8Array | string | (Uint8Array | string)[] | undefined;
}

/**
 * Reads trace context from Kafka message headers and writes it to them, for use with any OpenTelemetry
 * propagator: `propagation.extract(context, message.headers, KafkaHeaders)`.
 *
 * Values are Buffers as kafkajs delivers them, strings, or lists of both where a header is repeated (a list
 * comes back as a list; our propagator takes the last valid `traceparent` and merges all `baggage`). Header
 * names are matched case-insensitively, the lowercase one first. null, functions (which kafkajs yields for
 * header names such as `constructor`) and values above 64 KiB are ignored and counted in
 * `propagationCounters`. Writing replaces every case variant of a header by one string; a frozen headers
 * object throws. No headers (undefined) read as empty, and writing to them does nothing.
 */
export const KafkaHeaders: MessageHeaders<KafkaHeaderMap | undefined | null> = messageHeaders;
