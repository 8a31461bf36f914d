/** The callback API keeps its callers' context, so that what a callback sends belongs to the trace it is part of. */

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sink, startSink } from '../../support/sink/index.ts';
import { type Application, startApplication } from './application.ts';

let sink: Sink;
let application: Application;
let kept: Readonly<Record<string, boolean>>;

beforeAll(async () => {
  sink = await startSink();
  application = await startApplication('amqp-callbacks', sink, {});
  const unique = randomUUID().slice(0, 8);
  kept = await application.call('callbacks', { queue: `called-${unique}`, exchange: `calls-${unique}` });
});
afterAll(async () => {
  await application?.stop();
  await sink?.close();
});

test.each([
  'connect',
  'createChannel',
  'createConfirmChannel',
  'assertQueue',
  'checkQueue',
  'assertExchange',
  'bindQueue',
  'prefetch',
  'get from an empty queue',
  'publish',
  'sendToQueue',
  'waitForConfirms',
  'get',
  'consume',
  'recover',
  'cancel',
  'purgeQueue',
  'unbindQueue',
  'deleteQueue',
  'close a channel',
  'close',
])('the callback of `%s` runs in the context of the call', (name) => {
  expect(kept[name]).toBe(true);
});
