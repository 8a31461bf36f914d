import { messageHeaders } from '../../propagators/carrier.ts';
import { ENQUEUED_TIME } from './headers.ts';
import type { ReceivedMessage } from './message.ts';
import { countInternalError } from './runtime.ts';

/**
 * How long a message was on its way, in milliseconds with fractions: since `sentry-task-enqueued-time` (seconds, as
 * number, text or bytes), else since what the broker says. Clocks differ, so less than nothing counts as nothing.
 * Undefined where neither is known.
 *
 * @see https://develop.sentry.dev/sdk/telemetry/traces/modules/queues/
 */
export function latencyOf({ headers, sentAt }: ReceivedMessage, now: number): number | undefined {
  const enqueued = enqueuedTime(headers) ?? sentAt;
  return Number.isFinite(enqueued) ? Math.max(0, now - Number(enqueued)) : undefined;
}

function enqueuedTime(headers: ReceivedMessage['headers']): number | undefined {
  if (headers === null || headers === undefined) return undefined;
  try {
    const own = Object.hasOwn(headers, ENQUEUED_TIME) ? headers[ENQUEUED_TIME] : undefined;
    // Celery's AMQP headers carry a float; the carrier reads text alone.
    const seconds = typeof own === 'number' ? own : Number(lastText(headers));
    return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
  } catch {
    // Headers whose accessors throw.
    countInternalError();
    return undefined;
  }
}

function lastText(headers: object): string | undefined {
  const text = messageHeaders.get(headers, ENQUEUED_TIME);
  return Array.isArray(text) ? text.at(-1) : text;
}
