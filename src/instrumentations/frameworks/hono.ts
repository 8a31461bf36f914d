import {
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { numberOf } from './error-status.ts';
import {
  FrameworkInstrumentation,
  type FrameworkInstrumentationConfig,
} from './framework-instrumentation.ts';
import { type Handler, type HonoContext, matchOf, type Registration } from './hono-match.ts';

type ContextClass = new (...args: unknown[]) => object;

/** Before 4.5, a context didn't get what the router found. */
const VERSIONS = ['>=4.5.0 <5'];

/**
 * hono 4 (from 4.5), on any server that runs in Node. OpenTelemetry has no instrumentation of it, so this one tells
 * the route too. hono makes a context for each request once its router has found the handlers; there the route is read, and the
 * first handler is watched: whatever a later one throws shows on the context when the first one ends, whether or not
 * an `onError` of the application answers it.
 */
export class HonoErrorInstrumentation extends FrameworkInstrumentation {
  protected override readonly framework = 'hono';

  constructor(config: FrameworkInstrumentationConfig) {
    super('hono', config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    const files = ['hono/dist/context.js', 'hono/dist/cjs/context.js'].map(
      (name) =>
        new InstrumentationNodeModuleFile(
          name,
          VERSIONS,
          (exports) => this.patch(exports),
          () => undefined,
        ),
    );
    return new InstrumentationNodeModuleDefinition('hono', VERSIONS, undefined, undefined, files);
  }

  private patch<Exports extends { Context: ContextClass }>(exports: Exports): Exports {
    const instrumentation = this;
    const Original = exports.Context;
    const Watched = class Context extends Original {
      constructor(...args: unknown[]) {
        super(...args);
        if (instrumentation.isEnabled()) instrumentation.matched(args[1]);
      }
    };
    // The CommonJS build of earlier versions has getters only.
    return Reflect.set(exports, 'Context', Watched) ? exports : { ...exports, Context: Watched };
  }

  /** @param options of the context: what the router found is among them, and hono runs it next. */
  private matched(options: unknown): void {
    const match = matchOf(options);
    const first = match?.handlers[0];
    if (match === undefined || first === undefined) return;
    this.tellRoute(match.route);
    const [registration, parameters] = first;
    if (!watched.has(registration[0])) match.handlers[0] = [this.watch(registration), parameters];
  }

  private watch(registration: Registration): Registration {
    const before = watchedRegistrations.get(registration);
    if (before !== undefined) return before;
    const instrumentation = this;
    const [handler, route] = registration;
    const wrapper: Handler = function (context, next) {
      const failed = (error: unknown) => instrumentation.failed(error, context);
      let result: unknown;
      try {
        result = handler.call(this, context, next);
      } catch (error) {
        failed(error);
        throw error;
      }
      // A branch of its own: hono goes on with the handler's promise. Other thenables may act when they are asked.
      if (result instanceof Promise) {
        result.then(() => {
          if (context.error !== undefined) failed(context.error);
        }, failed);
      }
      return result;
    };
    watched.add(wrapper);
    const pair: Registration = [wrapper, route];
    watchedRegistrations.set(registration, pair);
    return pair;
  }

  private failed(error: unknown, context: HonoContext): void {
    if (!this.isEnabled()) return;
    const status = numberOf(error, 'status');
    if (status !== undefined && status >= 300 && status < 500) return;
    this.report(error, { method: context.req.method, status });
  }
}

const watched = new WeakSet<Handler>();
/** Some of hono's routers make a new list for every request, of the same registrations. */
const watchedRegistrations = new WeakMap<Registration, Registration>();
