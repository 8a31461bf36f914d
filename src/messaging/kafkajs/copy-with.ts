/**
 * A copy of an object of the application with some properties replaced. What the object has from its class is copied,
 * too: kafkajs reads accessors like any property.
 */
export function copyWith<Original extends object>(
  original: Original,
  replaced: { readonly [Key in keyof Original]?: unknown },
): Original {
  const copy = { ...original };
  let prototype: unknown = Object.getPrototypeOf(original);
  while (typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype) {
    for (const key of Reflect.ownKeys(prototype)) {
      if (!(key in copy)) Reflect.set(copy, key, Reflect.get(original, key));
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return Object.assign(copy, replaced);
}
