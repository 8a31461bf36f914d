import type { AmqpChannel } from './client.ts';

/** amqplib encodes a message's headers in a buffer of so many bytes, and refuses what doesn't fit. */
const BUFFER = 65_536;

/** What a message's other properties may take of a frame: ten texts of up to 255 bytes, and what is of fixed size. */
const OTHER_PROPERTIES = 2_600;

/** Tables in tables deeper than this are taken for one that contains itself. */
const DEPTH = 50;

/** Whether amqplib and the broker take these headers. Without room for it, trace context must not break a publish. */
export function haveRoom(headers: unknown, { connection: { frameMax = Infinity } }: AmqpChannel): boolean {
  const room = Math.min(BUFFER, frameMax - OTHER_PROPERTIES);
  return encodedSize(headers, room) <= room;
}

/**
 * The most bytes that a field table, or a value in one, takes on the wire; of numbers amqplib may choose a shorter
 * form. Counts inherited fields, which amqplib sends, too.
 *
 * @param limit where counting may stop.
 * @see https://www.rabbitmq.com/amqp-0-9-1-errata#section_3
 */
export function encodedSize(value: unknown, limit = Infinity, depth = DEPTH): number {
  if (typeof value === 'string') return 4 + Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 8;
  if (Buffer.isBuffer(value)) return 4 + value.length;
  if (depth === 0) return Infinity;
  let size = 4;
  for (const key in value) {
    size += 2 + Buffer.byteLength(key);
    size += encodedSize((value as Record<string, unknown>)[key], limit - size, depth - 1); // of any object
    if (size > limit) break;
  }
  return size;
}
