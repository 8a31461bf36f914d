import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../support/sink/json.ts';
import { decodeExportRequest } from '../../support/sink/otlp.ts';
import { decodeMessage, encodeStatus, field, repeated, type Schema } from '../../support/sink/protobuf.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

// The examples are those of https://protobuf.dev/programming-guides/encoding/
describe('the protobuf reader', () => {
  test.each<[string, string, Schema, object]>([
    ['a varint', '08 96 01', { 1: field('a', 'uint32') }, { a: 150 }],
    ['a string', '12 07 74657374696e67', { 2: field('b', 'string') }, { b: 'testing' }],
    ['a message', '1a 03 08 96 01', { 3: field('c', () => ({ 1: field('a', 'int32') })) }, { c: { a: 150 } }],
    ['packed numbers', '32 06 03 8e02 9ea705', { 6: repeated('f', 'int32') }, { f: [3, 270, 86942] }],
    ['the same numbers one by one', '30 03 30 8e02', { 6: repeated('f', 'int32') }, { f: [3, 270] }],
    ['a negative number', '08 feffffffffffffffff01', { 1: field('a', 'int64') }, { a: '-2' }],
    ['a zigzag number', '08 03', { 1: field('a', 'sint32') }, { a: -2 }],
    [
      'the largest 64-bit number',
      `09 ${'ff'.repeat(8)}`,
      { 1: field('a', 'fixed64') },
      { a: '18446744073709551615' },
    ],
    ['a double', '09 000000000000f8bf', { 1: field('a', 'double') }, { a: -1.5 }],
    ['the last of several values', '08 01 08 02', { 1: field('a', 'uint32') }, { a: 2 }],
    [
      'fields it does not know',
      '08 01 11 0000000000000000 1a 01 00 25 00000000 28 07',
      { 5: field('e', 'uint32') },
      { e: 7 },
    ],
  ])('reads %s', (_, hex, schema, expected) => {
    expect(decodeMessage(bytes(hex), schema)).toEqual(expected);
  });

  test.each<[string, string]>([
    ['a varint without an end', '08 ff'],
    ['a varint of eleven bytes', `08 ${'ff'.repeat(10)}01`],
    ['a string beyond the end', '12 05 61'],
    ['a string that is not UTF-8', '12 01 ff'],
    ['another wire type than the field has', '0a 00'],
    ['a group', '1b'],
  ])('refuses %s', (_, hex) => {
    const schema = { 1: field('a', 'int32'), 2: field('b', 'string') };
    expect(() => decodeMessage(bytes(hex), schema)).toThrow(DecodeError);
  });

  test('refuses messages nested without end', () => {
    const Nested: Schema = { 1: field('inner', () => Nested) };
    let message = Buffer.alloc(0);
    for (let depth = 0; depth < 120; depth += 1) {
      const size =
        message.length < 0x80 ? [message.length] : [(message.length & 0x7f) | 0x80, message.length >> 7];
      message = Buffer.concat([Buffer.from([0x0a, ...size]), message]);
    }
    expect(() => decodeMessage(message, Nested)).toThrow('nested deeper than 100');
  });

  test.each(['x', 'ł'.repeat(100), 'x'.repeat(5000)])('reads back the status it writes', (message) => {
    const status = decodeMessage(encodeStatus(message), {
      1: field('code', 'int32'),
      2: field('message', 'string'),
    });
    expect(status).toEqual({ message: message.slice(0, 1000) });
  });
});

test('no bytes make the OTLP decoder fail in any other way than by refusing them', () => {
  // resource_spans { scope_spans { spans { trace_id, attributes { key, value } } } }
  const valid = bytes(
    '0a 20 12 1e 12 1c 0a 10 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 4a 08 0a 01 6b 12 03 0a 01 76',
  );
  const damaged = fc
    .tuple(fc.nat(valid.length - 1), fc.uint8Array({ minLength: 1, maxLength: 6 }))
    .map(([at, change]) =>
      Buffer.concat([valid.subarray(0, at), change, valid.subarray(at + change.length)]),
    );
  const arbitrary = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
  const json = fc
    .json()
    .map((text) => Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${text}]}]}]}`));
  fc.assert(
    fc.property(
      fc.constantFrom('traces', 'logs', 'metrics'),
      fc.oneof(
        fc.tuple(fc.constant('protobuf' as const), fc.oneof(damaged, arbitrary)),
        fc.tuple(fc.constant('json' as const), json),
      ),
      (signal, [encoding, body]) => {
        try {
          decodeExportRequest(body, signal, encoding, 'otlp');
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
