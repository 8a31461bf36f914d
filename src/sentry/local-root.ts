import type { IncomingMessage } from 'node:http';
import { SpanKind } from '@opentelemetry/api';
import type { Scope } from '@sentry/core';

/**
 * What belongs to one unit of work of this process: a request, a message, a job. The sampler makes one for every
 * local root span, also for one that is not recorded, and it travels in the trace state of all its descendants.
 */
export class LocalRoot {
  readonly kind: SpanKind;
  /** The name the span started with, such as `GET` or `process orders`. */
  readonly name: string;
  readonly method: string | undefined;
  readonly path: string | undefined;
  /** Sentry's isolation scope of this unit of work, made when its span or context is first seen. */
  isolationScope: Scope | undefined;
  /** The request being served: what an error event says of it is read when there is an error. */
  request: IncomingMessage | undefined;
  /** `http.route`, as soon as the framework tells it. */
  route: string | undefined;

  constructor(kind: SpanKind, name: string, method: string | undefined, path: string | undefined) {
    this.kind = kind;
    this.name = name;
    this.method = method;
    this.path = path;
  }

  /** Requests and messages are isolated from each other; other spans share the scope they were started in. */
  get isolated(): boolean {
    return this.kind === SpanKind.SERVER || this.kind === SpanKind.CONSUMER;
  }

  /** What the spans of a request say of the request they are part of; undefined where the root span says it. */
  segmentName(): string | undefined {
    return this.kind === SpanKind.SERVER ? this.transactionName() : undefined;
  }

  /** The name an error event gets as its transaction, with the route where a framework told one. */
  transactionName(route: string | undefined = this.route): string {
    if (this.kind !== SpanKind.SERVER || this.method === undefined) return this.name;
    const target = route ?? this.path;
    return target === undefined ? this.name : `${this.method} ${target}`;
  }
}
