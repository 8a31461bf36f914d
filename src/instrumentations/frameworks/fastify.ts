import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { numberOf } from './error-status.ts';
import {
  FrameworkInstrumentation,
  type FrameworkInstrumentationConfig,
} from './framework-instrumentation.ts';

/** What is used of Fastify's objects. */
interface Request {
  readonly method: string;
  readonly routeOptions?: { readonly url?: string };
  /** Before Fastify 4.10. */
  readonly routerPath?: string;
}
interface Reply {
  readonly statusCode: number;
}
type OnError = (request: Request, reply: Reply, error: unknown, done: () => void) => void;
interface Instance {
  addHook(name: 'onError', hook: OnError): void;
}

/** Fastify publishes every new instance here: https://fastify.dev/docs/latest/Reference/Hooks/#diagnostics-channel-hooks */
const INITIALIZATION = 'fastify.initialization';

/**
 * Fastify 4 and 5, by an `onError` hook on each root instance, before any plugin: plugins inherit it, encapsulated or
 * not. It runs before the error handlers and only where a request fails.
 *
 * Create it before `@fastify/otel`'s instrumentation, which makes spans of the hooks that are added after it.
 */
export class FastifyErrorInstrumentation extends FrameworkInstrumentation {
  protected override readonly framework = 'fastify';
  /** Undefined while it is disabled. Without initializer: the base class's constructor calls `enable`. */
  declare private onInstance: ((message: unknown) => void) | undefined;

  constructor(config: FrameworkInstrumentationConfig) {
    super('fastify', config);
  }

  /** Nothing is patched. */
  protected override init(): [] {
    return [];
  }

  override enable(): void {
    super.enable();
    if (this.onInstance !== undefined) return;
    this.onInstance = (message) => {
      const { fastify } = message as { fastify: Instance }; // documented by Fastify
      fastify.addHook('onError', (request, reply, error, done) => {
        if (this.isEnabled()) this.failed(error, request, reply);
        done();
      });
    };
    subscribe(INITIALIZATION, this.onInstance);
  }

  override disable(): void {
    super.disable();
    if (this.onInstance === undefined) return;
    unsubscribe(INITIALIZATION, this.onInstance);
    this.onInstance = undefined;
  }

  private failed(error: unknown, request: Request, reply: Reply): void {
    const status = statusOf(error, reply);
    if (status >= 300 && status < 500) return;
    this.report(error, {
      method: request.method,
      route: request.routeOptions?.url ?? request.routerPath,
      status,
    });
  }
}

/** The status that Fastify will answer with: what the reply has been given, else the error's, else 500. */
function statusOf(error: unknown, reply: Reply): number {
  if (reply.statusCode !== 200) return reply.statusCode;
  const status = numberOf(error, 'statusCode') || numberOf(error, 'status') || 0;
  return status >= 400 ? status : 500;
}
