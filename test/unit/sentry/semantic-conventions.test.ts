import { type Attributes, SpanKind } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { describeSpan } from '../../../src/sentry/semantic-conventions.ts';

const { INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER } = SpanKind;

describe("a span in Sentry's words", () => {
  it.each<[string, Attributes, SpanKind, string | undefined, string, string]>([
    [
      'GET',
      { 'http.request.method': 'GET', 'http.route': '/a/:id', 'url.path': '/a/1' },
      SERVER,
      'http.server',
      'GET /a/:id',
      'route',
    ],
    ['GET', { 'http.request.method': 'GET', 'url.path': '/a/1' }, SERVER, 'http.server', 'GET /a/1', 'url'],
    ['GET', { 'http.method': 'GET', 'http.target': '/a/1?x=1' }, SERVER, 'http.server', 'GET /a/1', 'url'],
    [
      'GET',
      { 'http.request.method': 'GET', 'url.full': 'https://h/p?secret=1#f' },
      CLIENT,
      'http.client',
      'GET https://h/p',
      'url',
    ],
    ['GET', { 'http.request.method': 'GET' }, CLIENT, 'http.client', 'GET', 'url'],
    ['pg', { 'db.system.name': 'postgresql', 'db.query.text': 'SELECT 1' }, CLIENT, 'db', 'SELECT 1', 'task'],
    [
      'pg',
      { 'db.system': 'postgresql', 'db.statement': 'SELECT 2', 'db.query.summary': 'SELECT t' },
      CLIENT,
      'db',
      'SELECT t',
      'task',
    ],
    ['get', { 'db.system.name': 'redis' }, CLIENT, 'cache', 'get', 'task'],
    [
      'send t',
      { 'messaging.system': 'kafka', 'messaging.operation.type': 'send' },
      PRODUCER,
      'queue.publish',
      'send t',
      'task',
    ],
    ['process t', { 'messaging.system': 'kafka' }, CONSUMER, 'queue.process', 'process t', 'task'],
    [
      'poll t',
      { 'messaging.system': 'kafka', 'messaging.operation.type': 'receive' },
      CLIENT,
      'queue.receive',
      'poll t',
      'task',
    ],
    [
      'ack q',
      { 'messaging.system': 'rabbitmq', 'messaging.operation.type': 'settle' },
      CLIENT,
      'queue.settle',
      'ack q',
      'task',
    ],
    ['S/M', { 'rpc.system': 'grpc' }, SERVER, 'rpc.server', 'S/M', 'route'],
    ['mw', { 'express.type': 'request_handler' }, INTERNAL, 'request_handler.express', 'mw', 'custom'],
    ['mw', { 'koa.type': 'middleware' }, INTERNAL, 'middleware.koa', 'mw', 'custom'],
    ['job', {}, INTERNAL, undefined, 'job', 'custom'],
  ])('%s %j of kind %d: %s %s (%s)', (name, attributes, kind, op, expected, source) => {
    expect(describeSpan(name, attributes, kind)).toEqual({ op, name: expected, source });
  });
});
