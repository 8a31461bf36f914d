import type { Context } from '@opentelemetry/api';
import { messagingOptions } from './runtime.ts';

/** Requests whose reply is still awaited; beyond this many the oldest are forgotten. */
const REMEMBERED = 1_000;

interface Request {
  readonly context: Context;
  readonly sentAt: number;
}

/**
 * The contexts of requests that are answered by a message (RPC over queues), by correlation id: their replies are
 * handled in them. Not dropped at the first reply, since a request may have several, but at the maximum age of messages.
 */
export class PendingRequests {
  /** In the order in which they were sent. */
  readonly #requests = new Map<string, Request>();

  remember(correlationId: string, context: Context): void {
    this.#requests.delete(correlationId);
    this.#requests.set(correlationId, { context, sentAt: performance.now() });
    for (const [id, request] of this.#requests) {
      if (this.#requests.size <= REMEMBERED && !isOver(request)) break;
      this.#requests.delete(id);
    }
  }

  contextOf(correlationId: string | undefined): Context | undefined {
    const request = correlationId === undefined ? undefined : this.#requests.get(correlationId);
    return request === undefined || isOver(request) ? undefined : request.context;
  }
}

function isOver({ sentAt }: Request): boolean {
  return performance.now() - sentAt > messagingOptions().maxAgeMs;
}
