/** Messages as programs that this package knows nothing of put them on RabbitMQ, and what was made of them. */

import type { ConsumeMessage, GetMessage, Options } from 'amqplib';
import { expect } from 'vitest';
import type { Backend, SinkSpan } from '../../support/sink/index.ts';
import type { Stage } from './harness.ts';
import { idsIn, type RemoteSpan } from './remote.ts';

/** As much of a stage as messages need. */
export type AmqpStage = Pick<Stage, 'amqp' | 'application' | 'sink' | 'unique'>;

export type Headers = Readonly<Record<string, unknown>>;

/** Makes a queue that the broker removes when nobody has used it for a minute. */
export async function queue(
  { amqp, unique }: AmqpStage,
  name: string,
  options: Options.AssertQueue = {},
): Promise<string> {
  const { channel } = await amqp();
  const { queue } = await channel.assertQueue(`${name}-${unique}`, { expires: 60_000, ...options });
  return queue;
}

/** Sends one message; `options` are amqplib's. */
export async function send(
  { amqp }: AmqpStage,
  queue: string,
  headers: Headers,
  options: Options.Publish = {},
): Promise<void> {
  const { channel } = await amqp();
  channel.sendToQueue(queue, Buffer.from('content'), { ...options, headers });
  await channel.close(); // by then the broker has it
}

/** The messages on a queue by their ids, as soon as there are so many. */
export async function received(
  { amqp }: AmqpStage,
  queue: string,
  count: number,
): Promise<ReadonlyMap<string, ConsumeMessage>> {
  const messages = new Map<string, ConsumeMessage>();
  if (count === 0) return messages;
  const { channel } = await amqp();
  const all = Promise.withResolvers<void>();
  const { consumerTag } = await channel.consume(
    queue,
    (message) => {
      if (message === null) return all.reject(new Error(`${queue} was deleted`));
      messages.set(String(message.properties.messageId), message);
      if (messages.size === count) all.resolve();
    },
    { noAck: true },
  );
  await all.promise;
  await channel.cancel(consumerTag);
  return messages;
}

export function headersOf(message: ConsumeMessage | GetMessage | undefined): Headers {
  return message?.properties.headers ?? {};
}

/** The message as it is sent to the relay. */
export interface RelayCase {
  readonly headers: Headers;
  readonly options?: Options.Publish;
}

/** What the relay's handler saw of a message, and the headers of what it sent. */
export interface Relayed {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly baggage: Readonly<Record<string, string>>;
  readonly sent: Headers;
}

/** Sends messages through `fixtures/amqp-relay.mjs`. @returns what was made of each, in their order. */
export async function relayed(
  stage: AmqpStage,
  cases: readonly RelayCase[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Relayed[]> {
  const application = await stage.application('amqp-relay', env);
  const [from, to] = [await queue(stage, 'in'), await queue(stage, 'out')];
  await application.call('relay', { from, to });
  const { channel } = await stage.amqp();
  for (const [index, { headers, options }] of cases.entries()) {
    channel.sendToQueue(from, Buffer.from('content'), { ...options, headers, messageId: String(index) });
  }
  const sent = await received(stage, to, cases.length);
  await application.flush();
  return cases.map((_, index) => {
    const message = sent.get(String(index));
    const seen = JSON.parse(String(message?.content)); // as the fixture wrote it
    return { ...seen, sent: headersOf(message) };
  });
}

/** The same for one message. */
export async function relayedOne(
  stage: AmqpStage,
  headers: Headers,
  { options, env }: { options?: Options.Publish; env?: Readonly<Record<string, string>> } = {},
): Promise<Relayed> {
  const [relay] = await relayed(stage, [{ headers, ...(options !== undefined && { options }) }], env);
  if (relay === undefined) throw new Error('nothing was relayed');
  return relay;
}

/** The handler's span is the child of the one that the headers name. */
export async function expectContinued(
  stage: AmqpStage,
  relay: Relayed | undefined,
  parent: RemoteSpan,
  claim: string,
): Promise<void> {
  expect(relay?.traceId, claim).toBe(parent.traceId);
  const span = await spanOf(stage, relay ?? {});
  expect(span.kind, claim).toBe('consumer');
  expect(span.parentSpanId, claim).toBe(parent.spanId);
}

/** The handler's span starts a trace that goes on from there. */
export async function expectNewTrace(
  stage: AmqpStage,
  relay: Relayed | undefined,
  claim: string,
): Promise<void> {
  const span = await spanOf(stage, relay ?? {});
  expect(span.kind, claim).toBe('consumer');
  expect(span.parentSpanId, claim).toBeUndefined();
  expect(span.links, claim).toEqual([]);
  expect(relay?.sent.traceparent, claim).toContain(span.traceId);
}

/** Milliseconds; whoever waits has flushed the application, so that little is on its way. */
const ARRIVAL = 5_000;

/** A span by its ids, once it has arrived. */
export function spanOf(
  { sink }: AmqpStage,
  ids: { readonly traceId?: string | undefined; readonly spanId?: string | undefined },
  source: Backend = 'otlp',
): Promise<SinkSpan> {
  const { traceId, spanId } = ids;
  return sink.waitFor(
    `span ${spanId} of trace ${traceId} in ${source}`,
    () =>
      sink.spans((span) => span.source === source && span.traceId === traceId && span.spanId === spanId)[0],
    { timeout: ARRIVAL },
  );
}

/** The ids in `traceparent` on the wire. @throws where there is none. */
export function idsOnWire(headers: Headers): { readonly traceId: string; readonly spanId: string } {
  return idsIn(textsOf(headers, 'traceparent'));
}

/** A header's texts as `remote.ts` reads them: AMQP has one of a name. */
export function textsOf(headers: Headers, name: string): readonly string[] {
  const value = headers[name];
  return typeof value === 'string' ? [value] : [];
}
