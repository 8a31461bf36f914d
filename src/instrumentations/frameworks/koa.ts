import { InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
import { patchMethod } from '../../patch-method.ts';
import { numberOf } from './error-status.ts';
import {
  FrameworkInstrumentation,
  type FrameworkInstrumentationConfig,
} from './framework-instrumentation.ts';

/** What is used of Koa's context. */
interface Context {
  readonly method?: string;
  /** Of `@koa/router`. */
  readonly _matchedRoute?: string | RegExp;
}

/**
 * Koa 2 and 3, by the event `error` of the application: what middleware throws ends there, and what an application
 * catches itself it is told to emit there. A listener would keep Koa from printing the error, so the event is watched
 * where it is emitted. A request is reported once, with its first server error.
 */
export class KoaErrorInstrumentation extends FrameworkInstrumentation {
  protected override readonly framework = 'koa';

  constructor(config: FrameworkInstrumentationConfig) {
    super('koa', config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition('koa', ['>=2.0.0 <4'], (koa) => {
      // An ES module namespace, or the class itself.
      const application = Reflect.get(koa, Symbol.toStringTag) === 'Module' ? koa.default : koa;
      this.watch(application);
      return koa;
    });
  }

  private watch(Application: { readonly prototype: unknown }): void {
    const instrumentation = this;
    patchMethod(Application.prototype, 'emit', (original) => {
      return function (this: unknown, ...args: unknown[]) {
        const [event, error, context] = args;
        if (event === 'error' && instrumentation.isEnabled()) instrumentation.failed(error, context);
        return original.apply(this, args);
      };
    });
  }

  private failed(error: unknown, context: unknown): void {
    const status = statusOf(error);
    if (status !== undefined && status < 500) return;
    const { method, _matchedRoute: route } = (context ?? {}) as Context; // every property is optional
    if (typeof context === 'object' && context !== null) {
      // What isn't an `Error` comes twice where an application emits it: Koa's listener throws it back as an `Error`.
      if (reported.has(context)) return;
      reported.add(context);
    }
    this.report(error, { method, status, route: route?.toString() });
  }
}

/** The contexts of requests that were reported. */
const reported = new WeakSet<object>();

/** The status that Koa will answer with, where the error has one that Koa knows; else it answers 500. */
function statusOf(error: unknown): number | undefined {
  const status = numberOf(error, 'status') || numberOf(error, 'statusCode');
  // Not imported: OpenTelemetry's instrumentation wants to be there when `node:http` is first loaded.
  const { STATUS_CODES } = process.getBuiltinModule('node:http');
  return status !== undefined && status in STATUS_CODES ? status : undefined;
}
