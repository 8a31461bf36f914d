import { InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
import { numberOf } from './error-status.ts';
import {
  FrameworkInstrumentation,
  type FrameworkInstrumentationConfig,
} from './framework-instrumentation.ts';

/** What is used of hapi's objects. */
interface Request {
  readonly method: string;
  readonly route: { readonly path: string; readonly method: string };
  readonly response: unknown;
}
interface Server {
  readonly events: {
    on(criteria: object, listener: (request: Request, event: { readonly error?: unknown }) => void): void;
  };
}
type CreateServer = (...args: unknown[]) => Server;

/** Both are the same function: https://hapi.dev/api/?v=21#-server-options */
const CONSTRUCTORS = ['server', 'Server'] as const;

/**
 * hapi 17 to 21, by the channel `error` of each server's event `request`, which hapi emits for every request that it
 * answers with 500: https://hapi.dev/api/?v=21#-request-event
 */
export class HapiErrorInstrumentation extends FrameworkInstrumentation {
  protected override readonly framework = 'hapi';

  constructor(config: FrameworkInstrumentationConfig) {
    super('hapi', config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition('@hapi/hapi', ['>=17.0.0 <22'], (hapi) => {
      // Imported by an ES module it is a namespace, whose default is what `require` gives.
      const isNamespace = typeof hapi.default === 'object';
      this.watch(isNamespace ? hapi.default : hapi);
      if (isNamespace) forward(hapi, hapi.default);
      return hapi;
    });
  }

  private watch(hapi: Record<string, unknown>): void {
    for (const name of CONSTRUCTORS) {
      const original = hapi[name];
      if (typeof original !== 'function' || ours.has(original)) continue;
      const watched = new Proxy(original as CreateServer, {
        apply: (target, thisArgument, args) => this.listen(Reflect.apply(target, thisArgument, args)),
        construct: (target, args) => this.listen(Reflect.construct(target, args)),
      });
      ours.add(watched);
      hapi[name] = watched;
    }
  }

  private listen(server: Server): Server {
    server.events.on({ name: 'request', channels: ['error'] }, (request, { error }) => {
      if (this.isEnabled() && error) this.failed(error, request);
    });
    return server;
  }

  private failed(error: unknown, request: Request): void {
    const status = statusOf(error, request.response);
    if (status !== undefined && status >= 300 && status < 500) return;
    this.report(error, { method: request.method.toUpperCase(), status, route: request.route.path });
  }
}

const ours = new WeakSet<object>();

/**
 * Has `import { server }` use whatever the default export's functions are by then. OpenTelemetry's instrumentation,
 * which tells the routes, patches only those.
 */
function forward(namespace: Record<string, unknown>, hapi: Record<string, CreateServer>): void {
  for (const name of CONSTRUCTORS) {
    const original = namespace[name];
    if (typeof original !== 'function' || ours.has(original)) continue;
    const current = () => hapi[name] ?? (original as CreateServer); // the same function, unless patched
    const forwarding = new Proxy(original as CreateServer, {
      apply: (_target, thisArgument, args) => Reflect.apply(current(), thisArgument, args),
      construct: (_target, args) => Reflect.construct(current(), args),
    });
    ours.add(forwarding);
    namespace[name] = forwarding;
  }
}

/** Of the response that hapi made of the error, where it knows it; else of the error. */
function statusOf(error: unknown, response: unknown): number | undefined {
  return (
    numberOf(response, 'output', 'statusCode') ??
    numberOf(response, 'statusCode') ??
    numberOf(error, 'output', 'statusCode')
  );
}
