/** Sentry's global state, one object for each version of `@sentry/core` that runs in the process. */
interface SentryGlobals {
  readonly [version: string]: unknown;
}

export interface SentryCopy {
  readonly version: string;
  /** Of its `@sentry/core`. */
  readonly path: string;
}

const VERSION = /^\d+\.\d+\.\d+/;

/**
 * Tells of every other version of Sentry that runs in this process: it has a state of its own without a client, so that
 * what the application captures through it is lost without a word. Each is told once, as soon as it is used.
 *
 * Sentry looks its state up by version in one global object. What it doesn't find there it looks for in the object's
 * prototype, which is ours; lookups of the version that is there cost nothing more.
 *
 * @param own the copy whose client was started.
 */
export function watchForOtherVersions(own: SentryCopy, tell: (line: string) => void): void {
  const { __SENTRY__: globals } = globalThis as { __SENTRY__?: SentryGlobals }; // as `@sentry/core` types it
  if (globals === undefined) return;
  const told = new Set([own.version]);
  const notice = (version: string, path: string): void => {
    if (told.has(version)) return;
    told.add(version);
    tell(
      `@sentry/node: two versions run in this process, what is captured through the other is lost (got ${own.version} ` +
        `at ${own.path} and ${version} at ${path}, expected one: see npm ls @sentry/core, then npm dedupe or overrides)`,
    );
  };
  for (const key of Object.keys(globals)) {
    if (VERSION.test(key)) notice(key, 'a path not known: it was loaded before this preload');
  }
  const watcher = new Proxy(Object.create(null) as object, {
    get(_target, key) {
      if (typeof key === 'string' && VERSION.test(key)) notice(key, askingPackage() ?? 'a path not known');
      return Reflect.get(Object.prototype, key);
    },
  });
  Object.setPrototypeOf(globals, watcher);
}

/** Deep enough to pass Sentry's own functions, which are all of the copy that asks. */
const FRAMES = 20;

/** The folder of the package that is asking, by the stack. */
function askingPackage(): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  // The first two frames are ours: this function and the proxy's trap.
  const frames = new Error().stack?.split('\n').slice(3) ?? [];
  Error.stackTraceLimit = stackTraceLimit;
  const asking = frames.find((frame) => frame.includes('/node_modules/'));
  return /(?:\(|at |file:\/\/)(\/.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(asking ?? '')?.[1];
}
