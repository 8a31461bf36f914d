/** Jobs on a plain Redis list: OpenTelemetry traces the Redis commands, and this makes one trace of both ends. */

import { randomUUID } from 'node:crypto';
import { consumeWithTrace, publishWithTrace } from '@acme/otel-sentry/propagators';

/** The two commands it takes, as node-redis has them. */
export interface RedisLists {
  lPush(list: string, element: string): Promise<number>;
  brPop(list: string, timeoutSeconds: number): Promise<{ readonly element: string } | null>;
}

/** A list holds nothing but text, so the headers travel beside the job. */
interface Element {
  readonly id: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** @returns how many jobs are waiting. */
export function enqueue(redis: RedisLists, list: string, job: unknown): Promise<number> {
  const id = randomUUID();
  const body = JSON.stringify(job);
  const bodySize = Buffer.byteLength(body);
  return publishWithTrace({ system: 'redis', destination: list, id, bodySize }, (headers) =>
    redis.lPush(list, JSON.stringify({ id, headers, body } satisfies Element)),
  );
}

/** Waits up to `timeoutSeconds` for a job and handles it. @returns whether there was one. */
export async function work(
  redis: RedisLists,
  list: string,
  handle: (job: unknown) => Promise<void>,
  timeoutSeconds = 5,
): Promise<boolean> {
  const popped = await redis.brPop(list, timeoutSeconds);
  if (popped === null) return false;
  const { id, headers, body } = JSON.parse(popped.element) as Element; // as `enqueue` wrote it
  const bodySize = Buffer.byteLength(body);
  await consumeWithTrace({ system: 'redis', destination: list, headers, id, bodySize }, () =>
    handle(JSON.parse(body)),
  );
  return true;
}
