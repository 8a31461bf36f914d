/** What Sentry gets of messages on RabbitMQ: its queue attributes, a scope for each message, the errors of handlers. */

import { expect } from 'vitest';
import { headersOf, queue, received, send } from './amqp-messages.ts';
import type { Ids } from './amqp-published.ts';
import { type Application, behaviour, type Stage } from './harness.ts';
import { remoteSpan } from './remote.ts';

/** https://develop.sentry.dev/sdk/telemetry/traces/modules/queues/ */
const QUEUE = {
  id: 'messaging.message.id',
  destination: 'messaging.destination.name',
  system: 'messaging.system',
  bodySize: 'messaging.message.body.size',
  envelopeSize: 'messaging.message.envelope.size',
  latency: 'messaging.message.receive.latency',
  retries: 'messaging.message.retry.count',
};

behaviour(
  20,
  "Sentry's queue attributes are complete, and the enqueued time is written and read",
  async (stage) => {
    const application = await stage.application('amqp-sentry');
    const [processed, fetched] = [await queue(stage, 'processed'), await queue(stage, 'fetched')];
    const before = Date.now() / 1000;
    const publishing = await application.call<Ids>('publish', { queue: processed, messageId: 'm-1' });
    const copy = await received(stage, processed, 1);
    const enqueued = headersOf(copy.get('m-1'))['sentry-task-enqueued-time'];
    expect(enqueued).toBeTypeOf('string');
    expect(Number(enqueued)).toBeGreaterThanOrEqual(before);
    expect(Number(enqueued)).toBeLessThanOrEqual(Date.now() / 1000);

    await application.call('consume', { queue: processed, together: 1 });
    const { traceId } = await application.call<Ids>('publish', { queue: processed, messageId: 'm-2' });
    await application.call('publish', { queue: fetched, messageId: 'm-3' });
    const fetching = await application.call<Ids>('get', { queue: fetched });

    const published = await withOp(stage, application, publishing.traceId, 'queue.publish');
    expect(published.attributes).toMatchObject({
      'sentry.kind': 'producer',
      [QUEUE.system]: 'rabbitmq',
      [QUEUE.destination]: `amq.default:${processed}`,
      [QUEUE.id]: 'm-1',
      [QUEUE.bodySize]: 12,
    });
    expect(published.attributes[QUEUE.envelopeSize]).toBeGreaterThan(12);

    const consumed = await withOp(stage, application, traceId, 'queue.process');
    expect(consumed.attributes).toMatchObject({
      'sentry.kind': 'consumer',
      [QUEUE.system]: 'rabbitmq',
      [QUEUE.destination]: `amq.default:${processed}`,
      [QUEUE.id]: 'm-2',
      [QUEUE.bodySize]: 12,
      [QUEUE.retries]: 0,
    });
    expect(consumed.attributes[QUEUE.envelopeSize]).toBeGreaterThan(12);
    expect(consumed.attributes[QUEUE.latency]).toBeGreaterThan(0);
    expect(consumed.attributes[QUEUE.latency]).toBeLessThan(10_000);

    const got = await withOp(stage, application, fetching.traceId, 'queue.receive');
    expect(got.attributes).toMatchObject({
      'sentry.kind': 'client',
      [QUEUE.system]: 'rabbitmq',
      [QUEUE.id]: 'm-3',
      [QUEUE.bodySize]: 12,
    });
  },
  { variant: 'AMQP, in Sentry' },
);

behaviour(
  32,
  'messages that are handled at the same time share nothing of Sentry, and each has its own error once',
  async (stage) => {
    const application = await stage.application('amqp-sentry');
    const inbox = await queue(stage, 'together');
    const messages = Array.from({ length: 8 }, (_, index) => ({
      messageId: `together-${index}`,
      remote: remoteSpan(),
      headers: index % 2 === 0 ? { fails: true } : { captured: true },
    }));
    await application.call('consume', { queue: inbox, together: messages.length });
    for (const { messageId, remote, headers } of messages) {
      await send(stage, inbox, { ...headers, traceparent: remote.traceparent }, { messageId });
    }
    for (const { messageId, remote, headers } of messages) {
      const { spanId } = await withOp(stage, application, remote.traceId, 'queue.process');
      const errors = stage.sink.errors(({ value }) => value?.endsWith(messageId) === true);
      expect(errors, messageId).toHaveLength(1);
      const [error] = errors;
      expect(error, messageId).toMatchObject({
        value: 'fails' in headers ? `rejected ${messageId}` : `captured ${messageId}`,
        traceId: remote.traceId,
        spanId,
      });
      const tags = Object.keys(error?.tags ?? {}).filter((tag) => tag.startsWith('only.'));
      expect(tags, 'tags of this message alone').toEqual([`only.${messageId}`]);
      const breadcrumbs = (error?.breadcrumbs ?? []).map(
        (breadcrumb) => (breadcrumb as { message?: string }).message,
      );
      expect(breadcrumbs.filter((text) => text?.startsWith('began'))).toEqual([`began ${messageId}`]);
    }
    const unobserved = await application.call<readonly { message: string }[]>('rejections');
    expect(unobserved.map(({ message }) => message).toSorted(), 'Node sees them as ever').toEqual(
      messages.filter(({ headers }) => 'fails' in headers).map(({ messageId }) => `rejected ${messageId}`),
    );
  },
  { variant: 'AMQP, in Sentry' },
);

behaviour(
  32,
  'what a handler throws is an error in Sentry once, unless OTEL_SENTRY_MESSAGING_ERRORS is false',
  async (stage) => {
    for (const [env, times] of [
      [{}, 1],
      [{ OTEL_SENTRY_MESSAGING_ERRORS: 'false' }, 0],
    ] as const) {
      const application = await stage.application('amqp-sentry', env);
      const inbox = await queue(stage, `throwing-${times}`);
      const { traceId, traceparent } = remoteSpan();
      const messageId = `throwing-${times}`;
      await application.call('consumeThrowing', { queue: inbox });
      await send(stage, inbox, { traceparent }, { messageId });
      const span = await withOp(stage, application, traceId, 'queue.process');
      expect(span.status, 'its span has failed').toBe('error');
      const errors = stage.sink.errors({ value: `thrown ${messageId}` });
      expect(errors, JSON.stringify(env)).toHaveLength(times);
      for (const error of errors) {
        expect(error).toMatchObject({
          traceId,
          spanId: span.spanId,
          tags: { [`only.${messageId}`]: messageId },
        });
      }
    }
  },
  { variant: 'AMQP, thrown, in Sentry' },
);

/** The one span of a trace with that op, once it is in Sentry. */
async function withOp({ sink }: Stage, application: Application, traceId: string, op: string) {
  const find = () => sink.spans({ source: 'sentry', traceId, attributes: { 'sentry.op': op } });
  const [span, ...more] = await sink.waitFor(`${op} of trace ${traceId}`, () => find().length > 0 && find(), {
    timeout: 5_000,
  });
  await application.flush();
  expect(more).toEqual([]);
  if (span === undefined) throw new Error('unreachable: there is one');
  return span;
}
