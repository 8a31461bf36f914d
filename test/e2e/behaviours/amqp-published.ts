/** What `fixtures/amqp-publisher.mjs` sends. */

import type { ConsumeMessage } from 'amqplib';
import { expect } from 'vitest';
import type { SinkSpan } from '../../support/sink/index.ts';
import { headersOf, idsOnWire, queue, received, spanOf } from './amqp-messages.ts';
import type { Stage } from './harness.ts';

export interface Ids {
  readonly traceId: string;
  readonly spanId: string;
}

export interface Published<Result> {
  /** By their ids. */
  readonly messages: ReadonlyMap<string, ConsumeMessage>;
  /** The span around the command. */
  readonly root: Ids;
  readonly result: Result;
}

/** Runs one of its commands, which sends `count` messages to a queue of its own. */
export async function published<Result = unknown>(
  stage: Stage,
  env: Readonly<Record<string, string>>,
  command: string,
  argument: object = {},
  count = 1,
): Promise<Published<Result>> {
  const application = await stage.application('amqp-publisher', env);
  const to = await queue(stage, 'to');
  const { result, ...root } = await application.call<Ids & { result: Result }>(command, {
    queue: to,
    ...argument,
  });
  const messages = await received(stage, to, count);
  await application.flush();
  return { messages, root, result };
}

/** The message's headers name a producer's span, and that is a child of `parent`. */
export async function expectSentFrom(
  stage: Stage,
  parent: Ids,
  message: ConsumeMessage | undefined,
  claim = 'sent',
): Promise<SinkSpan> {
  const ids = idsOnWire(headersOf(message));
  expect(ids.traceId, `${claim}: the trace on the wire`).toBe(parent.traceId);
  const span = await spanOf(stage, ids);
  expect(span, claim).toMatchObject({ kind: 'producer', parentSpanId: parent.spanId });
  return span;
}

/** The spans of kind producer that have the span around a command as their parent; the application was flushed. */
export function sentIn({ sink }: Stage, { traceId, spanId }: Ids): readonly SinkSpan[] {
  return sink.spans({ source: 'otlp', traceId, kind: 'producer', parentSpanId: spanId });
}
