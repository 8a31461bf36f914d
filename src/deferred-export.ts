/**
 * An export (a class, or an object such as an enum) whose chunk is loaded when it is first used. The build puts
 * it in the place of what `NodeSDK` imports and few services need: every exporter there is, metrics and logs.
 * @param load loads the chunk; called at each use, so it has to be cheap the second time, as `require` is.
 * @param name the export's name.
 * @returns what can be used like the export itself: `new`, `instanceof`, static members, a base class.
 */
export function deferredExport(load: () => Readonly<Record<string, unknown>>, name: string): unknown {
  const real = (): object => {
    const value = load()[name];
    if (typeof value === 'function' || (typeof value === 'object' && value !== null)) return value;
    throw new TypeError(`${name} can't be deferred: it is neither a class nor an object`);
  };
  const proxy: object = new Proxy(placeholder, {
    construct: (_target, args, newTarget) => {
      const Real = real() as new () => object; // `Reflect.construct` throws where it isn't one
      return Reflect.construct(Real, args, newTarget === proxy ? Real : newTarget);
    },
    get: (_target, property) => Reflect.get(real(), property),
    has: (_target, property) => Reflect.has(real(), property),
  });
  return proxy;
}

/** A proxy can be called with `new` only where its target can; an arrow function or a method can't. */
function placeholder(): void {}
