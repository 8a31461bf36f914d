/** A reader of protobuf's wire format, driven by tables of fields. https://protobuf.dev/programming-guides/encoding/ */

import { DecodeError, type JsonObject } from './json.ts';

/** `hex` is a bytes field that OTLP's JSON writes in hexadecimal; other bytes are base64 there. */
export type Scalar =
  | 'string'
  | 'bytes'
  | 'hex'
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'int64'
  | 'uint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'double';

export interface Field {
  readonly name: string;
  /** Messages come as functions, since AnyValue contains itself. */
  readonly type: Scalar | (() => Schema);
  readonly repeated: boolean;
}

/** A message's fields by number. Fields that aren't in it are skipped. */
export type Schema = Readonly<Record<number, Field>>;

export const field = (name: string, type: Field['type']): Field => ({ name, type, repeated: false });
export const repeated = (name: string, type: Field['type']): Field => ({ name, type, repeated: true });

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** What protobuf's own readers allow. */
const MAX_DEPTH = 100;

/**
 * Decodes a message to the JSON form that OTLP gives it: 64-bit integers as decimal strings, absent fields absent.
 * @throws {DecodeError} on anything that isn't such a message.
 */
export function decodeMessage(bytes: Buffer, schema: Schema, depth = 0): JsonObject {
  if (depth > MAX_DEPTH) throw new DecodeError(`protobuf messages nested deeper than ${MAX_DEPTH}`);
  const reader = new WireReader(bytes);
  const message: Record<string, unknown> = {};
  while (!reader.atEnd()) {
    const tag = reader.length();
    const wireType = tag & 7;
    const known = schema[tag >>> 3];
    if (known === undefined) {
      reader.skip(wireType);
      continue;
    }
    const values = readValues(reader, wireType, known, depth);
    if (known.repeated) {
      const all = (message[known.name] as unknown[] | undefined) ?? []; // set below only
      message[known.name] = all;
      for (const value of values) all.push(value);
    } else {
      message[known.name] = values.at(-1);
    }
  }
  return message;
}

/** `google.rpc.Status`, with which an OTLP receiver answers errors: its `message` is field 2. Cut at 1,000 characters. */
export function encodeStatus(message: string): Buffer {
  const text = Buffer.from(message.slice(0, 1000));
  const size = text.length < 0x80 ? [text.length] : [(text.length & 0x7f) | 0x80, text.length >> 7];
  return Buffer.concat([Buffer.from([(2 << 3) | LENGTH_DELIMITED, ...size]), text]);
}

function readValues(
  reader: WireReader,
  wireType: number,
  { name, type, repeated }: Field,
  depth: number,
): unknown[] {
  if (typeof type === 'function') {
    expectWireType(wireType, LENGTH_DELIMITED, name);
    return [decodeMessage(reader.bytes(), type(), depth + 1)];
  }
  const scalar = SCALARS[type];
  if (repeated && wireType === LENGTH_DELIMITED && scalar.wireType !== LENGTH_DELIMITED) {
    const packed = new WireReader(reader.bytes());
    const values: unknown[] = [];
    while (!packed.atEnd()) values.push(scalar.read(packed));
    return values;
  }
  expectWireType(wireType, scalar.wireType, name);
  return [scalar.read(reader)];
}

function expectWireType(actual: number, expected: number, name: string): void {
  if (actual !== expected)
    throw new DecodeError(`protobuf field ${name} has wire type ${actual}, not ${expected}`);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function text(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new DecodeError(`protobuf string: ${(error as Error).message}`); // decode throws a TypeError
  }
}

const SCALARS: Readonly<Record<Scalar, { wireType: number; read: (reader: WireReader) => unknown }>> = {
  string: { wireType: LENGTH_DELIMITED, read: (reader) => text(reader.bytes()) },
  bytes: { wireType: LENGTH_DELIMITED, read: (reader) => reader.bytes().toString('base64') },
  hex: { wireType: LENGTH_DELIMITED, read: (reader) => reader.bytes().toString('hex') },
  bool: { wireType: VARINT, read: (reader) => reader.varint() !== 0n },
  int32: { wireType: VARINT, read: (reader) => Number(BigInt.asIntN(32, reader.varint())) },
  uint32: { wireType: VARINT, read: (reader) => Number(BigInt.asUintN(32, reader.varint())) },
  sint32: { wireType: VARINT, read: (reader) => unzigzag(Number(BigInt.asUintN(32, reader.varint()))) },
  int64: { wireType: VARINT, read: (reader) => BigInt.asIntN(64, reader.varint()).toString() },
  uint64: { wireType: VARINT, read: (reader) => reader.varint().toString() },
  fixed32: { wireType: FIXED32, read: (reader) => reader.take(4).readUInt32LE() },
  fixed64: { wireType: FIXED64, read: (reader) => reader.take(8).readBigUInt64LE().toString() },
  sfixed64: { wireType: FIXED64, read: (reader) => reader.take(8).readBigInt64LE().toString() },
  double: { wireType: FIXED64, read: (reader) => reader.take(8).readDoubleLE() },
};

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

class WireReader {
  readonly #buffer: Buffer;
  #position = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  atEnd(): boolean {
    return this.#position === this.#buffer.length;
  }

  take(size: number): Buffer {
    const end = this.#position + size;
    if (end > this.#buffer.length) throw new DecodeError('protobuf message is cut short');
    const taken = this.#buffer.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1).readUInt8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new DecodeError('protobuf varint is longer than ten bytes');
  }

  /** A tag or a size: a varint of at most 32 bits. */
  length(): number {
    const next = this.#buffer[this.#position];
    if (next !== undefined && next < 0x80) {
      this.#position += 1;
      return next;
    }
    const value = this.varint();
    if (value > 0xffffffffn) throw new DecodeError(`protobuf tag or size of ${value}`);
    return Number(value);
  }

  bytes(): Buffer {
    return this.take(this.length());
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.varint();
    else if (wireType === FIXED64) this.take(8);
    else if (wireType === LENGTH_DELIMITED) this.bytes();
    else if (wireType === FIXED32) this.take(4);
    else throw new DecodeError(`protobuf wire type ${wireType}`); // groups, which OTLP doesn't have
  }
}
