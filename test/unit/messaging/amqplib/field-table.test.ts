import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodedSize, haveRoom } from '../../../../src/messaging/amqplib/field-table.ts';

// Not among amqplib's exports, so by its path.
const { encodeTable } = createRequire(import.meta.url)('../../../../node_modules/amqplib/lib/codec.js') as {
  encodeTable(buffer: Buffer, table: object, offset: number): number;
};

const { value: table } = fc.letrec((tie) => ({
  value: fc.dictionary(
    fc.string({ maxLength: 20, unit: 'grapheme' }).filter((key) => key !== '!'),
    fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.double({ min: -1e15, max: 1e15, noNaN: true }),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.array(tie('value')),
      tie('value'),
    ),
  ),
}));

const channel = { connection: {} };

describe('the size of headers', () => {
  it('is at least what amqplib makes of them', () => {
    fc.assert(
      fc.property(table, (headers) => {
        const buffer = Buffer.alloc(1_000_000);
        expect(encodedSize(headers)).toBeGreaterThanOrEqual(encodeTable(buffer, headers as object, 0));
      }),
    );
  });

  it('is exactly that where all are text', () => {
    const headers = Object.assign(Object.create({ inherited: 'yes' }), { traceparent: 'ü', empty: '' });
    expect(encodedSize(headers)).toBe(encodeTable(Buffer.alloc(100), headers, 0));
  });

  it.each([
    ['that fill the buffer', 65_536, true],
    ['of a byte more', 65_537, false],
  ])("decides whether amqplib's buffer takes them: %s", (_, size, fits) => {
    const headers = { h: 'x'.repeat(size - encodedSize({ h: '' })) };
    expect(haveRoom(headers, channel)).toBe(fits);
    const encode = () => encodeTable(Buffer.alloc(65_536), headers, 0);
    if (fits) expect(encode()).toBe(size);
    else expect(encode).toThrow(RangeError);
  });

  it('has to leave room in a frame', () => {
    const headers = { h: 'x'.repeat(10_000) };
    expect(haveRoom(headers, { connection: { frameMax: 131_072 } })).toBe(true);
    expect(haveRoom(headers, { connection: { frameMax: 8_192 } })).toBe(false);
  });

  it('is too much for a table that contains itself', () => {
    const headers: Record<string, unknown> = {};
    headers.self = headers;
    headers.again = headers;
    expect(haveRoom(headers, channel)).toBe(false);
  });
});
