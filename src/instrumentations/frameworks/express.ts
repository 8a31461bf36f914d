import {
  InstrumentationNodeModuleDefinition,
  InstrumentationNodeModuleFile,
} from '@opentelemetry/instrumentation';
import { patchMethod } from '../../patch-method.ts';
import { numberOf } from './error-status.ts';
import { FrameworkInstrumentation } from './framework-instrumentation.ts';

/** What is used of Express's request. */
interface Request {
  readonly method?: string;
  readonly baseUrl?: string;
  readonly route?: { readonly path?: unknown };
}

const EXPRESS = ['>=4.0.0 <6'];
/** Express 5 takes its router from this package; Express 4 has its own. */
const ROUTER = ['>=1.0.0 <3'];

/**
 * Express 4 and 5. An error on its way out of a route meets either a layer that is asked to handle it, or the end of
 * the router. These two are watched, so that layers which don't fail run as without us.
 *
 * As with Sentry's own integration, a request is reported once, with its first server error, whether or not an error
 * handler of the application answers it.
 */
export class ExpressErrorInstrumentation extends FrameworkInstrumentation {
  protected override readonly framework = 'express';

  constructor(config: ConstructorParameters<typeof FrameworkInstrumentation>[1]) {
    super('express', config);
  }

  protected override init(): InstrumentationNodeModuleDefinition[] {
    const layerFile = (name: string, versions: string[]) =>
      new InstrumentationNodeModuleFile(
        name,
        versions,
        (layer) => {
          this.watchLayers(layer);
          return layer;
        },
        () => undefined,
      );
    const watchRouters = (express: { Router?: { prototype?: unknown } }) => {
      // Express 5 has a class, Express 4 the prototype itself.
      this.watchEnd(express.Router);
      this.watchEnd(express.Router?.prototype);
      return express;
    };
    return [
      new InstrumentationNodeModuleDefinition('express', EXPRESS, watchRouters, undefined, [
        layerFile('express/lib/router/layer.js', EXPRESS),
      ]),
      new InstrumentationNodeModuleDefinition('router', ROUTER, undefined, undefined, [
        layerFile('router/lib/layer.js', ROUTER),
      ]),
    ];
  }

  private watchLayers(Layer: { readonly prototype: unknown }): void {
    const instrumentation = this;
    // `handleError` in `router` 2, `handle_error` before.
    for (const name of ['handleError', 'handle_error']) {
      patchMethod(Layer.prototype, name, (original) => {
        return function (this: unknown, error, request, response, next) {
          if (instrumentation.isEnabled()) instrumentation.failed(error, request);
          if (isSentrysHandler(this) && isReported(request) && typeof next === 'function') {
            return leaveOut(request, response, () => next(error));
          }
          return original.call(this, error, request, response, next);
        };
      });
    }
  }

  private watchEnd(router: unknown): void {
    const instrumentation = this;
    patchMethod(router, 'handle', (original) => {
      return function (this: unknown, request, response, done) {
        if (!instrumentation.isEnabled() || typeof done !== 'function') {
          return original.call(this, request, response, done);
        }
        return original.call(this, request, response, function (this: unknown, ...args: unknown[]) {
          instrumentation.failed(args[0], request);
          return done.apply(this, args);
        });
      };
    });
  }

  private failed(error: unknown, request: unknown): void {
    // `next('route')` and `next('router')` are ways to go on.
    if (!error || error === 'route' || error === 'router') return;
    if (typeof request !== 'object' || request === null || isReported(request)) return;
    const status = statusOf(error);
    if (status !== undefined && status < 500) return;
    const { method, baseUrl = '', route } = request as Request; // every property is checked or optional
    const path = route?.path;
    reported.set(request, undefined);
    reported.set(
      request,
      this.report(error, { method, status, route: typeof path === 'string' ? baseUrl + path : undefined }),
    );
  }
}

/** The requests that were reported, with Sentry's event id where it is known. */
const reported = new WeakMap<object, string | undefined>();

function isReported(request: unknown): request is object {
  return typeof request === 'object' && request !== null && reported.has(request);
}

/** The middleware that `Sentry.setupExpressErrorHandler` adds, in Sentry 8 to 11. */
function isSentrysHandler(layer: unknown): boolean {
  const { handle } = layer as { handle?: { name?: unknown } }; // `this` of a layer's method
  return handle?.name === 'sentryErrorMiddleware';
}

/**
 * Goes past Sentry's middleware. It would report a thrown string a second time, and put the id of an event that is
 * never sent on the response, from where applications show it to their users.
 */
function leaveOut(request: object, response: unknown, next: () => unknown): unknown {
  const eventId = reported.get(request);
  if (eventId !== undefined && typeof response === 'object' && response !== null) {
    Reflect.set(response, 'sentry', eventId);
  }
  return next();
}

/** What Sentry takes for an error's status in Express; 500 where there is none. */
function statusOf(error: unknown): number | undefined {
  return (
    numberOf(error, 'status') ||
    numberOf(error, 'statusCode') ||
    numberOf(error, 'status_code') ||
    numberOf(error, 'output', 'statusCode') ||
    undefined
  );
}
