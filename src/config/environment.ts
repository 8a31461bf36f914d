/** The environment, read with a problem line for every value that does not fit instead of an exception. */
export class Environment {
  readonly problems: string[] = [];
  readonly #variables: NodeJS.ProcessEnv;

  constructor(variables: NodeJS.ProcessEnv) {
    this.#variables = variables;
  }

  /** The value without surrounding space; an empty variable counts as unset, as OpenTelemetry wants. */
  text(name: string): string | undefined {
    const value = this.#variables[name]?.trim();
    return value === undefined || value === '' ? undefined : value;
  }

  number(
    name: string,
    range: { readonly min: number; readonly max: number; readonly unit?: string },
  ): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (number >= range.min && number <= range.max) return number;
    this.problem(name, 'not a number in range', value, `${range.min} to ${range.max}${range.unit ?? ''}`);
    return undefined;
  }

  boolean(name: string, fallback = false): boolean {
    const value = this.text(name)?.toLowerCase();
    if (value === 'false' || value === '0') return false;
    if (value === 'true' || value === '1') return true;
    if (value !== undefined) this.problem(name, 'not a boolean', value, 'true or false');
    return fallback;
  }

  /** A comma-separated list, lowercase; undefined where the variable is unset. */
  list(name: string): readonly string[] | undefined {
    return this.text(name)
      ?.split(',')
      .map((item) => item.trim().toLowerCase())
      .filter((item) => item !== '');
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = allowed.find((item) => item === value.toLowerCase());
    if (found === undefined) this.problem(name, 'unknown value', value, allowed.join(', '));
    return found;
  }

  /** Whether any variable whose name starts with one of these prefixes is set. */
  anySet(...prefixes: readonly string[]): boolean {
    return Object.keys(this.#variables).some(
      (name) => prefixes.some((prefix) => name.startsWith(prefix)) && this.text(name) !== undefined,
    );
  }

  problem(name: string, what: string, got: string, expected: string): void {
    this.problems.push(`${name}: ${what} (got ${JSON.stringify(got)}, expected ${expected})`);
  }
}
