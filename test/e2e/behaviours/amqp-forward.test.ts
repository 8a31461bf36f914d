/** Messages that already carry a trace when they are sent: forwarded, on purpose, or because others trace them too. */

import type { ConsumeMessage } from 'amqplib';
import { describe, expect } from 'vitest';
import { headersOf, queue, send, spanOf, textsOf } from './amqp-messages.ts';
import { expectSentFrom, type Ids, published, sentIn } from './amqp-published.ts';
import { behaviour } from './harness.ts';
import { idsIn, membersOf, remoteSpan } from './remote.ts';

describe.each(['promise', 'callback'])('with the %s API', (api) => {
  const env = { API: api };

  behaviour(
    15,
    'received headers that are sent on in the handler name the new span, which links the old one',
    async (stage) => {
      const { remote, headers } = cameWith();
      const from = await queue(stage, 'from');
      await send(stage, from, headers);
      const { messages, result } = await published<{ handler: Ids; before: object; headers: object }>(
        stage,
        env,
        'forward where it is handled',
        { from },
      );
      const message = messages.get('forwarded');
      const span = await expectSentFrom(stage, result.handler, message);
      expect(span.traceId, 'the trace goes on').toBe(remote.traceId);
      expect(span.links, 'the original is linked').toMatchObject([remote]);
      expect(result.headers, "the application's headers are unchanged").toEqual(result.before);
      expectReplaced(message, span);
      expect(headersOf(message).tracestate, 'it belongs to the trace').toBe('vendor=old');
    },
    { variant: `AMQP, ${api}` },
  );

  behaviour(
    15,
    'received headers that are sent on from elsewhere join the trace there',
    async (stage) => {
      const { remote, headers } = cameWith();
      const { messages, root } = await published(stage, env, 'forward from elsewhere', { headers });
      const message = messages.get('forwarded');
      const span = await expectSentFrom(stage, root, message);
      expect(span.links, 'the original is linked').toMatchObject([remote]);
      expectReplaced(message, span);
      expect(headersOf(message), 'of another trace').not.toHaveProperty('tracestate');
      const members = membersOf(textsOf(headersOf(message), 'baggage'));
      expect(members, 'of others').toMatchObject({ region: 'eu' });
      expect(Object.values(members).join(), 'of the other trace').not.toMatch(/theirs/);
      expect(members['sentry-trace_id'] ?? span.traceId).toBe(span.traceId);
    },
    { variant: `AMQP, ${api}, elsewhere` },
  );

  behaviour(
    16,
    'a context that was put on a message on purpose stays there and is linked',
    async (stage) => {
      const { remote, headers: all } = cameWith();
      const { tracestate: _, ...headers } = all;
      const { messages, root } = await published(stage, env, 'keep', { headers });
      expect(headersOf(messages.get('kept')), 'the headers are kept').toMatchObject(headers);
      expect(headersOf(messages.get('kept'))).not.toHaveProperty('tracestate');
      const sent = sentIn(stage, root);
      expect(sent, 'one span that links them').toMatchObject([
        { parentSpanId: root.spanId, links: [remote] },
      ]);
    },
    { variant: `AMQP, ${api}` },
  );

  for (const command of ['by hand', 'by hand with Sentry']) {
    behaviour(
      38,
      'what the application traced by hand is left alone',
      async (stage) => {
        const { messages, root, result } = await published(stage, env, command);
        expect({ headers: headersOf(messages.get('by hand')) }, 'its headers').toEqual(result);
        const spans = stage.sink.spans({ source: 'otlp', traceId: root.traceId });
        const [own, ...more] = spans.filter(({ spanId }) => spanId !== root.spanId);
        expect(own, 'its span').toMatchObject({ name: `sent ${command}`, parentSpanId: root.spanId });
        expect(more, 'and no other').toEqual([]);
      },
      { variant: `AMQP, ${api}, ${command}` },
    );
  }

  behaviour(
    38,
    "beside OpenTelemetry's instrumentation there is one span a message, and it is on the wire",
    async (stage) => {
      const { remote, headers } = cameWith();
      const from = await queue(stage, 'from');
      await send(stage, from, headers);
      const { messages, result } = await published<{ handler: Ids }>(
        stage,
        { ...env, DOUBLED: '1' },
        'forward where it is handled',
        { from },
      );
      await expectSentFrom(stage, result.handler, messages.get('forwarded'));
      expect((await spanOf(stage, result.handler)).parentSpanId).toBe(remote.spanId);
      const kinds = stage.sink.spans({ source: 'otlp', traceId: remote.traceId }).map(({ kind }) => kind);
      expect(kinds.toSorted(), 'one span for each side').toEqual(['consumer', 'producer']);
    },
    { variant: `AMQP, ${api}, doubled` },
  );
});

/** A message's headers when its trace came through a service with Sentry. */
function cameWith() {
  const { traceparent, sentryTrace, ...remote } = remoteSpan();
  const headers = {
    tenant: 'acme',
    traceparent,
    tracestate: 'vendor=old',
    'sentry-trace': sentryTrace,
    baggage: `region=eu,sentry-trace_id=${remote.traceId},sentry-public_key=theirs,sentry-release=theirs`,
    'sentry-task-enqueued-time': String(Date.now() / 1000 - 60),
  };
  return { remote, headers };
}

/** No header of the message names a span but that one. */
function expectReplaced(message: ConsumeMessage | undefined, { traceId, spanId }: Ids): void {
  const headers = headersOf(message);
  expect(headers, "the application's own").toMatchObject({ tenant: 'acme' });
  const ids = idsIn(textsOf(headers, 'sentry-trace'));
  expect(ids, 'sentry-trace').toMatchObject({ traceId, spanId });
  expect(Number(headers['sentry-task-enqueued-time']), 'a new time').toBeGreaterThan(Date.now() / 1000 - 30);
}
