// Bound to no instance: an ES module and a CommonJS module may show the same class twice.
const patched = new WeakMap<object, Set<PropertyKey>>();

type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Puts a wrapper in the place of a method, once, keeping its name and its number of parameters, which frameworks look
 * at. Does nothing where there is no such method.
 *
 * It is used instead of the base class's `_wrap`, which undoes any instrumentation's earlier wrapping of the same
 * method: OpenTelemetry's and ours have to live side by side.
 */
export function patchMethod(target: unknown, name: string, wrap: (original: Method) => Method): void {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) return;
  const names = patched.get(target) ?? new Set();
  const original: unknown = Reflect.get(target, name);
  if (typeof original !== 'function' || names.has(name)) return;
  const wrapper = wrap(original as Method); // any function can be called like that
  for (const property of ['name', 'length'] as const) {
    Object.defineProperty(wrapper, property, { value: original[property], configurable: true });
  }
  Object.defineProperty(target, name, {
    value: wrapper,
    writable: true,
    configurable: true,
    enumerable: Object.getOwnPropertyDescriptor(target, name)?.enumerable ?? false,
  });
  patched.set(target, names.add(name));
}
