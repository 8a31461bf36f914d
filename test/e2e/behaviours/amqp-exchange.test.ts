/** Messages with more than one end: fan-out, requests and replies, messages that are fetched. */

import { describe, expect } from 'vitest';
import { queue, received, send, spanOf } from './amqp-messages.ts';
import { behaviour, type Stage } from './harness.ts';
import { remoteSpan } from './remote.ts';

interface Ids {
  readonly traceId: string;
  readonly spanId: string;
}

interface InSpan<Result> {
  readonly result: Result;
  readonly root: Ids;
}

/** What a reply's handler saw. */
interface Reply {
  readonly span: Ids;
  readonly baggage: object;
  readonly content: string;
  /** The queue it came from, as the broker or amqplib named it. */
  readonly from: string;
}

describe.each(['promise', 'callback'])('with the %s API', (api) => {
  const variant = `AMQP, ${api}`;
  const application = (stage: Stage) => stage.application('amqp-exchange', { API: api });

  behaviour(
    21,
    'every consumer of a fan-out is a child of the one span that sent the message',
    async (stage) => {
      const app = await application(stage);
      const exchange = `orders-${stage.unique}`;
      const { channel } = await stage.amqp();
      await channel.assertExchange(exchange, 'topic', { autoDelete: true });
      const queues = await Promise.all(['mail', 'stock', 'bill'].map((name) => queue(stage, name)));
      for (const name of queues) await channel.bindQueue(name, exchange, 'order.*');
      const { result, root } = await app.call<InSpan<readonly (Ids & { queue: string })[]>>('fanOut', {
        exchange,
        key: 'order.created',
        queues,
      });
      await app.flush();
      const sent = stage.sink.spans({ source: 'otlp', traceId: root.traceId, kind: 'producer' });
      expect(sent, 'one message, one span').toMatchObject([{ parentSpanId: root.spanId }]);
      const handlers = await Promise.all(result.map((ids) => spanOf(stage, ids)));
      for (const span of handlers) {
        expect(span).toMatchObject({ kind: 'consumer', parentSpanId: sent[0]?.spanId });
      }
      expect(new Set(handlers.map(({ spanId }) => spanId)).size).toBe(3);
    },
    { variant },
  );

  behaviour(
    26,
    'a reply belongs to the work that sent it, and is handled where the request was made',
    async (stage) => {
      const app = await application(stage);
      const requests = await queue(stage, 'requests');
      await app.call('serveRequests', { queue: requests });
      for (const direct of [false, true]) {
        const { result, root } = await app.call<InSpan<Reply>>('request', {
          queue: requests,
          correlationId: crypto.randomUUID(),
          direct,
        });
        await app.flush();
        const claim = direct ? 'direct reply-to' : 'a reply queue';
        const seen = JSON.parse(result.content);
        const spans = stage.sink.spans({ source: 'otlp', traceId: root.traceId });
        const request = spans.find(
          ({ kind, parentSpanId }) => kind === 'producer' && parentSpanId === root.spanId,
        );
        const work = spans.find(({ name }) => name === 'find the price');
        const processing = spans.find(({ spanId }) => spanId === work?.parentSpanId);
        expect(processing, `${claim}: the request`).toMatchObject({
          kind: 'consumer',
          parentSpanId: request?.spanId,
        });
        expect(seen.baggage, `${claim}: baggage of the request`).toEqual({ user: 'ann' });
        const reply = spans.find(
          ({ kind, parentSpanId }) => kind === 'producer' && parentSpanId === work?.spanId,
        );
        const handler = await spanOf(stage, result.span);
        expect(handler, `${claim}: in the requester's trace`).toMatchObject({
          kind: 'consumer',
          traceId: root.traceId,
        });
        expect([root.spanId, request?.spanId], `${claim}: where the request was made`).toContain(
          handler.parentSpanId,
        );
        expect(handler.links, `${claim}: the reply is linked`).toMatchObject([{ spanId: reply?.spanId }]);
        expect(result.baggage).toEqual({ user: 'ann' });
      }
    },
    { variant },
  );

  behaviour(
    26,
    'the reply of a server that traces nothing is handled where the request was made',
    async (stage) => {
      const app = await application(stage);
      const requests = await queue(stage, 'untraced');
      const correlationId = crypto.randomUUID();
      const answer = app.call<InSpan<Reply>>('request', { queue: requests, correlationId });
      const [request] = (await received(stage, requests, 1)).values();
      await send(stage, String(request?.properties.replyTo), {}, { correlationId });
      const { result, root } = await answer;
      expect(result.span.traceId).toBe(root.traceId);
      expect((await spanOf(stage, result.span)).links).toEqual([]);
      expect(result.baggage, "the requester's baggage").toEqual({ user: 'ann' });
    },
    { variant: `${variant}, untraced server` },
  );

  behaviour(
    26,
    'no span is named after a queue that the broker made up',
    async (stage) => {
      const app = await application(stage);
      const requests = await queue(stage, 'named');
      await app.call('serveRequests', { queue: requests });
      for (const direct of [false, true]) {
        const correlationId = crypto.randomUUID();
        const { result, root } = await app.call<InSpan<Reply>>('request', {
          queue: requests,
          correlationId,
          direct,
        });
        await app.flush();
        const names = stage.sink.spans({ traceId: root.traceId }).map(({ name }) => name);
        expect(names.length, 'spans').toBeGreaterThan(4);
        const [, token = ''] = /^amq\.(?:gen-|rabbitmq\.reply-to\.)(.+)$/.exec(result.from) ?? [];
        expect(token, result.from).not.toBe('');
        expect(names.join('\n')).not.toContain(token);
      }
    },
    { variant: `${variant}, names` },
  );

  behaviour(
    33,
    'fetching is a span of whoever fetches; the message is linked and has a context of its own',
    async (stage) => {
      const app = await application(stage);
      const from = await queue(stage, 'fetched');
      const remote = remoteSpan();
      await send(stage, from, { traceparent: remote.traceparent, baggage: 'tenant=acme' });
      const { result, root } = await app.call<InSpan<{ after: Ids; inMessage: Ids & { baggage: object } }>>(
        'get',
        {
          queue: from,
        },
      );
      await app.flush();
      expect(result.after, 'the context of the caller stays active').toMatchObject(root);
      const fetching = stage.sink.spans({ source: 'otlp', traceId: root.traceId, kind: 'client' });
      expect(fetching).toMatchObject([
        { parentSpanId: root.spanId, links: [{ traceId: remote.traceId, spanId: remote.spanId }] },
      ]);
      const handler = await spanOf(stage, result.inMessage);
      expect(handler).toMatchObject({
        kind: 'consumer',
        traceId: remote.traceId,
        parentSpanId: remote.spanId,
      });
      expect(result.inMessage.baggage).toEqual({ tenant: 'acme' });
    },
    { variant },
  );

  behaviour(
    33,
    'fetching from an empty queue links nothing',
    async (stage) => {
      const app = await application(stage);
      const from = await queue(stage, 'empty');
      const { result, root } = await app.call<InSpan<{ message: boolean }>>('get', { queue: from });
      await app.flush();
      expect(result.message).toBe(false);
      const fetching = stage.sink.spans({ source: 'otlp', traceId: root.traceId, kind: 'client' });
      expect(fetching).toMatchObject([{ parentSpanId: root.spanId, links: [], status: 'unset' }]);
    },
    { variant: `${variant}, empty` },
  );
});
