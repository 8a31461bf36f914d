import { type MessageHeaders, messageHeaders } from './carrier.ts';

/** The headers of an AMQP 0-9-1 message: a field table as amqplib decodes it. */
export interface AmqpHeaderTable {
  [key: string]: unknown;
}

/**
 * Reads trace context from AMQP message headers and writes it to them, for use with any OpenTelemetry
 * propagator: `propagation.extract(context, message.properties.headers, AmqpHeaders)`.
 *
 * Only own properties count: a received table named `__proto__` becomes the prototype of the headers in
 * amqplib. Values are strings or byte arrays (AMQP type `x`, which Python and Go send); numbers, booleans,
 * timestamps, nested tables and values above 64 KiB are ignored and counted in `propagationCounters`. Names
 * are matched case-insensitively, the lowercase one first. What is written is always a string, because
 * RabbitMQ's .NET and Java clients read no other type, and replaces every case variant; a frozen table
 * throws. No headers (undefined) read as empty, and writing to them does nothing.
 */
export const AmqpHeaders: MessageHeaders<AmqpHeaderTable | undefined | null> = messageHeaders;
