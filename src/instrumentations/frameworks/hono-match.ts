/** What hono's router found for a request, as hono's own code passes it around. */

export type Handler = (this: unknown, context: HonoContext, next: unknown) => unknown;

/** What is used of hono's context. */
export interface HonoContext {
  /** What a handler threw, once one has. */
  readonly error?: unknown;
  readonly req: { readonly method: string };
}

interface Route {
  /** `ALL` for `app.all` and for middleware. */
  readonly method: string;
  readonly path: string;
  readonly handler: Handler & { readonly [COMPOSED]?: Handler };
}

/** What an application registered: a handler and where. */
export type Registration = [handler: Handler, route: Route];

/** In the order they run; beside each, its parameters. */
export type Handlers = [registration: Registration, parameters: unknown][];

/** Where hono keeps the handler of a mounted application that has an error handler of its own. */
const COMPOSED = '__COMPOSED_HANDLER';

/** What is known of a list once it has been looked at; most of hono's routers keep their lists. */
interface Match {
  readonly handlers: Handlers;
  readonly route: string | undefined;
}

const known = new WeakMap<object, Match>();

/**
 * Reads the options of a new context.
 * @returns undefined where nothing matched, or where their shape, which is no public interface of hono's, has changed.
 */
export function matchOf(options: unknown): Match | undefined {
  const list = at(at(options, 'matchResult'), 0);
  if (!Array.isArray(list)) return undefined;
  const before = known.get(list);
  if (before !== undefined || list.length === 0) return before;
  if (!list.every(isHandler)) return undefined;
  const handlers: Handlers = list;
  const match = { handlers, route: routeOf(handlers) };
  known.set(list, match);
  return match;
}

function isHandler(entry: unknown): entry is Handlers[number] {
  const route = at(at(entry, 0), 1);
  return (
    typeof at(at(entry, 0), 0) === 'function' &&
    typeof at(route, 'path') === 'string' &&
    typeof at(route, 'handler') === 'function'
  );
}

function at(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/**
 * The route's pattern; undefined where nothing but middleware matched. What takes no `next` ends the chain, so the
 * first such handler is the one that answers; of those that take it, the last one registered for a method.
 */
function routeOf(handlers: Handlers): string | undefined {
  const routes = handlers.map(([[, route]]) => route);
  const ofMethod = routes.filter(({ method }) => method !== 'ALL');
  const route = ofMethod.find(endsChain) ?? routes.find(endsChain) ?? ofMethod.at(-1);
  return route?.path;
}

function endsChain({ handler }: Route): boolean {
  return (handler[COMPOSED] ?? handler).length < 2;
}
