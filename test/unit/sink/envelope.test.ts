import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEnvelope } from '../../support/sink/envelope.ts';
import { DecodeError } from '../../support/sink/json.ts';
import { decodeEnvelope } from '../../support/sink/sentry.ts';

const TRACE_ID = 'a'.repeat(32);

/** An envelope from its header and items; a Buffer as payload gets a length. */
function envelope(header: object, ...items: [header: object, payload: unknown][]): Buffer {
  const parts = items.flatMap(([itemHeader, payload]) =>
    Buffer.isBuffer(payload)
      ? [JSON.stringify({ ...itemHeader, length: payload.length }), payload]
      : [JSON.stringify(itemHeader), JSON.stringify(payload)],
  );
  return Buffer.concat(
    [JSON.stringify(header), ...parts].flatMap((part) => [Buffer.from(part), Buffer.from('\n')]),
  );
}

function span(fields: object = {}): object {
  const times = { start_timestamp: 1, end_timestamp: 2 };
  return {
    trace_id: TRACE_ID,
    span_id: 'b'.repeat(16),
    name: 'n',
    status: 'ok',
    is_segment: true,
    ...times,
    ...fields,
  };
}

function container(...spans: object[]): [object, unknown] {
  const contentType = 'application/vnd.sentry.items.span.v2+json';
  return [
    { type: 'span', content_type: contentType, item_count: spans.length },
    { version: 2, items: spans },
  ];
}

const DSC = { trace: { trace_id: TRACE_ID, public_key: 'public' } };

describe('the framing of an envelope', () => {
  test('takes items with and without a length, binary ones with newlines in them, and newlines at the end', () => {
    const binary = Buffer.of(1, 0x0a, 0x0a, 2);
    const body = envelope(
      { event_id: 'e' },
      [{ type: 'a' }, { x: 1 }],
      [{ type: 'b' }, binary],
      [{ type: 'c' }, []],
    );
    const { header, items } = parseEnvelope(Buffer.concat([body, Buffer.from('\n\n')]));
    expect(header.eventId).toBe('e');
    expect(items.map(({ type, payload }) => [type, payload.toString('latin1')])).toEqual([
      ['a', '{"x":1}'],
      ['b', binary.toString('latin1')],
      ['c', '[]'],
    ]);
  });

  test('takes an empty payload and an envelope without items', () => {
    expect(parseEnvelope(Buffer.from('{}\n{"type":"x","length":0}\n')).items[0]?.payload).toHaveLength(0);
    expect(parseEnvelope(Buffer.from('{}')).items).toEqual([]);
  });

  test.each([
    ['no header', ''],
    ['a header that is no JSON', 'hello'],
    ['a header that is no object', '[]'],
    ['an item header without a type', '{}\n{}\n{}'],
    ['a length beyond the end', '{}\n{"type":"x","length":5}\nabc'],
    ['a length that ends within a line', '{}\n{"type":"x","length":1}\nabc\n'],
    ['a negative length', '{}\n{"type":"x","length":-1}\nabc'],
  ])('refuses %s', (_, body) => {
    expect(() => parseEnvelope(Buffer.from(body))).toThrow(DecodeError);
  });
});

describe('the rules by which Sentry drops streamed spans', () => {
  const invalid = (body: Buffer) => {
    const { spans, invalid } = decodeEnvelope(body);
    expect(spans).toEqual([]);
    return invalid.map(({ reason }) => reason);
  };

  test('keep a container of spans of the trace in the header', () => {
    const decoded = decodeEnvelope(envelope(DSC, container(span(), span({ name: 'm' }))));
    expect(decoded.invalid).toEqual([]);
    expect(decoded.spans.map(({ name, dsc }) => [name, dsc])).toEqual([
      ['n', DSC.trace],
      ['m', DSC.trace],
    ]);
  });

  test('need a trace header', () => {
    expect(invalid(envelope({}, container(span())))).toEqual(['span-v2 envelope without a trace header']);
  });

  test('refuse spans of another trace', () => {
    const stranger = span({ trace_id: 'c'.repeat(32) });
    expect(invalid(envelope(DSC, container(span(), stranger)))).toEqual([
      expect.stringContaining(`of trace ${'c'.repeat(32)} in an envelope of trace ${TRACE_ID}`),
    ]);
  });

  test('refuse the 1,001st span', () => {
    const spans = Array.from({ length: 1000 }, () => span());
    expect(decodeEnvelope(envelope(DSC, container(...spans))).spans).toHaveLength(1000);
    expect(invalid(envelope(DSC, container(...spans, span())))).toEqual([
      expect.stringContaining('1001 spans'),
    ]);
  });

  test('refuse a second container', () => {
    expect(invalid(envelope(DSC, container(span()), container(span())))).toEqual([
      '2 span containers in one envelope',
    ]);
  });

  test.each([
    ['a span id of the wrong length', { span_id: 'abc' }],
    ['a trace id of zeros', { trace_id: '0'.repeat(32) }],
    ['no end', { end_timestamp: undefined }],
    ['an end before its start', { end_timestamp: 0.5 }],
    ['an attribute without a type', { attributes: { a: { value: 1 } } }],
    ['an attribute of another type than it says', { attributes: { a: { value: 1.5, type: 'integer' } } }],
  ])('refuse a span with %s', (_, fields) => {
    expect(invalid(envelope(DSC, container(span(fields))))).toHaveLength(1);
  });

  test('leave the other items of the envelope alone', () => {
    const body = envelope({}, container(span()), [
      { type: 'event' },
      { event_id: 'e', message: 'still here' },
    ]);
    expect(decodeEnvelope(body).errors).toMatchObject([{ value: 'still here', dsc: undefined }]);
  });
});

test('a container whose item_count is wrong is invalid', () => {
  const header = { type: 'log', content_type: 'application/vnd.sentry.items.log+json', item_count: 2 };
  const body = envelope({}, [header, { items: [{ timestamp: 1, level: 'info', body: 'b' }] }]);
  expect(decodeEnvelope(body)).toMatchObject({
    logs: [],
    invalid: [{ reason: 'item_count is 2 for 1 entries' }],
  });
});

test('a standalone v1 span needs no trace header', () => {
  const v1 = { ...span(), description: 'd', op: 'db', timestamp: 3, data: { a: 1 } };
  expect(decodeEnvelope(envelope({}, [{ type: 'span' }, v1]))).toMatchObject({
    invalid: [],
    spans: [
      {
        format: 'span-v1',
        name: 'd',
        startTime: 1000,
        endTime: 3000,
        attributes: { a: 1, 'sentry.op': 'db' },
      },
    ],
  });
});

test('an unknown item is kept: parsed where it is JSON, else as bytes', () => {
  const body = envelope({}, [{ type: 'new' }, { a: 1 }], [{ type: 'newer' }, Buffer.of(0xff)]);
  expect(decodeEnvelope(body).items.map(({ type, payload }) => [type, payload])).toEqual([
    ['new', { a: 1 }],
    ['newer', Buffer.of(0xff)],
  ]);
});

test('no bytes make the decoder fail in any other way than by refusing them', () => {
  const valid = envelope(DSC, container(span()), [
    { type: 'event' },
    { event_id: 'e', exception: { values: [{}] } },
  ]);
  const damaged = fc
    .tuple(fc.nat(valid.length - 1), fc.uint8Array({ maxLength: 8 }))
    .map(([at, bytes]) => Buffer.concat([valid.subarray(0, at), bytes, valid.subarray(at + bytes.length)]));
  const item = fc.tuple(
    fc.constantFrom('event', 'transaction', 'span', 'log', 'trace_metric', 'client_report', 'session'),
    fc.json(),
  );
  const wellFramed = fc
    .array(item, { maxLength: 4 })
    .map((items) =>
      Buffer.from(['{}', ...items.flatMap(([type, json]) => [`{"type":"${type}"}`, json])].join('\n')),
    );
  fc.assert(
    fc.property(fc.oneof(damaged, wellFramed), (body) => {
      try {
        decodeEnvelope(body);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 1000 },
  );
});
