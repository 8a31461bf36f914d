import { expect, test } from 'vitest';
import { filtered } from '../../support/sink/filter.ts';
import { noTelemetry } from '../../support/sink/model.ts';
import { TelemetryStore } from '../../support/sink/store.ts';

test('the oldest requests go, with what they brought, when the bytes exceed the bound', () => {
  const store = new TelemetryStore(10_000);
  const bring = (reason: string, size: number) => {
    const entry = { where: 'x', reason, raw: undefined };
    store.add({ ...noTelemetry(), invalid: [entry, entry] }, size);
    return store.telemetry.invalid.map((entry) => entry.reason);
  };
  bring('a', 3000);
  expect(bring('b', 3000)).toEqual(['a', 'a', 'b', 'b']);
  expect(bring('c', 3000)).toEqual(['b', 'b', 'c', 'c']);
  expect(bring('too large', 20_000)).toEqual(['too large', 'too large']);
});

test('a filter takes predicates, equal fields, patterns, and parts of a record', () => {
  const spans = [
    { name: 'GET /a', service: 'web', attributes: { status: 200, list: [1] } },
    { name: 'GET /b', service: undefined, attributes: { status: 500, list: [1, 2] } },
  ];
  const names = (filter: Parameters<typeof filtered<(typeof spans)[number]>>[1]) =>
    filtered(spans, filter).map(({ name }) => name);
  expect(names(undefined)).toEqual(['GET /a', 'GET /b']);
  expect(names(({ attributes }) => attributes.status > 400)).toEqual(['GET /b']);
  expect(names({ name: 'GET /a' })).toEqual(['GET /a']);
  expect(names({ name: /b$/ })).toEqual(['GET /b']);
  expect(names({ service: undefined })).toEqual(['GET /b']);
  expect(names({ attributes: { status: 200, list: [1] } })).toEqual(['GET /a']);
  expect(names({ attributes: { status: 200, list: [1, 2] } })).toEqual([]);
});
