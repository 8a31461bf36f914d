/** Reads a number that an error carries; undefined where it has none or isn't an object. */
export function numberOf(error: unknown, ...path: readonly string[]): number | undefined {
  let value = error;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, name);
  }
  const number = typeof value === 'string' ? Number.parseInt(value, 10) : value;
  return typeof number === 'number' && !Number.isNaN(number) ? number : undefined;
}
