/** What is written to the headers of messages that an application sends to RabbitMQ, and what stays as it was. */

import { describe, expect } from 'vitest';
import { headersOf } from './amqp-messages.ts';
import { expectSentFrom, published, sentIn } from './amqp-published.ts';
import { behaviour } from './harness.ts';
import { remoteSpan } from './remote.ts';

describe.each(['promise', 'callback'])('with the %s API', (api) => {
  const env = { API: api };

  behaviour(
    12,
    'more baggage than fits is dropped, and the message is sent with its trace',
    async (stage) => {
      const members = Array.from({ length: 40 }, (_, index) => [`member${index}`, 'x'.repeat(1000)]);
      const { messages, root } = await published(stage, env, 'with baggage', {
        members: Object.fromEntries(members),
      });
      const headers = headersOf(messages.get('baggage'));
      expect(String(headers.baggage).length, 'baggage').toBeLessThanOrEqual(8192);
      await expectSentFrom(stage, root, messages.get('baggage'));
    },
    { variant: `AMQP, ${api}` },
  );

  behaviour(
    12,
    'headers that leave no room for a trace are sent as they are',
    async (stage) => {
      const { messages } = await published(stage, env, 'large headers');
      expect(headersOf(messages.get('large')).tenant).toHaveLength(65_450);
    },
    { variant: `AMQP, ${api}, full` },
  );

  behaviour(
    13,
    'three messages with one headers object have a context each, and the object stays as it is',
    async (stage) => {
      const { messages, root, result } = await published(stage, env, 'one headers object for three', {}, 3);
      const spans = await Promise.all(
        [...messages.values()].map((message) => expectSentFrom(stage, root, message)),
      );
      expect(new Set(spans.map(({ spanId }) => spanId)).size, 'three contexts').toBe(3);
      for (const message of messages.values()) expect(headersOf(message)).toMatchObject({ tenant: 'acme' });
      expect(result, "the application's object is unchanged").toEqual({ headers: { tenant: 'acme' } });
    },
    { variant: `AMQP, ${api}` },
  );

  behaviour(
    14,
    'frozen options and headers are sent with a context, and stay as they are',
    async (stage) => {
      const { messages, root, result } = await published(stage, env, 'frozen');
      const message = messages.get('frozen');
      await expectSentFrom(stage, root, message);
      expect(message?.properties).toMatchObject({ priority: 3, correlationId: 'c' });
      expect(headersOf(message)).toMatchObject({ tenant: 'acme', list: [1, 2] });
      const headers = { tenant: 'acme', list: [1, 2] };
      expect(result).toEqual({
        room: true,
        options: { headers, messageId: 'frozen', priority: 3, correlationId: 'c' },
      });
    },
    { variant: `AMQP, ${api}` },
  );

  behaviour(
    14,
    'messages without options or headers are sent with a context',
    async (stage) => {
      const { messages, root } = await published(stage, env, 'without options', {}, 2);
      for (const message of messages.values()) await expectSentFrom(stage, root, message);
    },
    { variant: `AMQP, ${api}, none` },
  );

  behaviour(
    28,
    'what a publish throws is thrown on, and its span has ended as failed',
    async (stage) => {
      const thrown = {
        'content that is no Buffer': { name: 'TypeError', message: 'content is not a buffer' },
        'a header of no AMQP type': { name: 'TypeError', message: 'Unknown type to encode: symbol' },
        'a closed channel': { name: 'IllegalOperationError', message: 'Channel closed' },
      };
      for (const [command, error] of Object.entries(thrown)) {
        const { result, root } = await published(stage, env, command, {}, 0);
        expect(result, 'the same error').toMatchObject(error);
        const sent = sentIn(stage, root);
        expect(sent, `${command}: one span has ended, as failed`).toMatchObject([{ status: 'error' }]);
      }
    },
    { variant: `AMQP, ${api}` },
  );

  behaviour(
    28,
    "an error of the application's own headers is thrown on, the very same one",
    async (stage) => {
      const { result, root } = await published(stage, env, 'a header that throws', {}, 0);
      expect(result).toEqual({ name: 'Error', message: 'not yours', same: true });
      expect(sentIn(stage, root).filter(({ status }) => status !== 'error')).toEqual([]);
    },
    { variant: `AMQP, ${api}, headers` },
  );

  behaviour(
    39,
    'where tracing is suppressed messages are sent as they are, without a span',
    async (stage) => {
      const headers = { tenant: 'acme', traceparent: remoteSpan().traceparent };
      const { messages, root } = await published(stage, env, 'suppressed', { headers }, 2);
      expect(headersOf(messages.get('fresh'))).toEqual({});
      expect(headersOf(messages.get('with headers'))).toEqual(headers);
      expect(stage.sink.spans({ source: 'otlp', traceId: root.traceId })).toHaveLength(1);
    },
    { variant: `AMQP, ${api}` },
  );
});

behaviour(
  39,
  "Sentry's suppression counts as well",
  async (stage) => {
    const { messages, root } = await published(stage, {}, "suppressed by Sentry's");
    expect(headersOf(messages.get('fresh'))).toEqual({});
    expect(stage.sink.spans({ source: 'otlp', traceId: root.traceId })).toHaveLength(1);
  },
  { variant: "AMQP, Sentry's" },
);
