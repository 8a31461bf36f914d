/** Reading of JSON that somebody else wrote: each function returns a checked value or throws {@link DecodeError}. */

/** What arrived is not what the protocol says. `status` is the HTTP status a request deserves that is nothing else. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

export type JsonObject = { readonly [key: string]: unknown };

export function parseJson(text: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (error) {
    throw new DecodeError(`${what} is not JSON: ${(error as Error).message}`); // both calls throw Errors only
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function object(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw new DecodeError(`${what} is not an object but ${describe(value)}`);
  return value;
}

/** Absent and null count as an empty object, as they do in both protocols. */
export function optionalObject(value: unknown, what: string): JsonObject {
  return value === undefined || value === null ? {} : object(value, what);
}

/** Absent and null count as an empty list, as they do in both protocols. */
export function list(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new DecodeError(`${what} is not a list but ${describe(value)}`);
  return value;
}

export function string(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new DecodeError(`${what} is not a string but ${describe(value)}`);
  return value;
}

export function optionalString(value: unknown, what: string): string | undefined {
  return value === undefined || value === null ? undefined : string(value, what);
}

/** Like {@link optionalString} for OTLP's JSON, where a field may be empty that protobuf leaves out. */
export function nonEmptyString(value: unknown, what: string): string | undefined {
  return optionalString(value, what) || undefined;
}

export function number(value: unknown, what: string): number {
  if (typeof value !== 'number') throw new DecodeError(`${what} is not a number but ${describe(value)}`);
  return value;
}

export function optionalNumber(value: unknown, what: string): number | undefined {
  return value === undefined || value === null ? undefined : number(value, what);
}

export function boolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw new DecodeError(`${what} is not a boolean but ${describe(value)}`);
  return value;
}

/** A trace id as 32 lower-case hex digits; all zeros is invalid in W3C Trace Context, OTLP and Sentry alike. */
export function traceId(value: unknown, what: string): string {
  return hex(value, 32, what);
}

/** A span id as 16 lower-case hex digits, not all zeros. */
export function spanId(value: unknown, what: string): string {
  return hex(value, 16, what);
}

/** Like {@link spanId}, where absent, null and the empty string all mean that there is none. */
export function optionalSpanId(value: unknown, what: string): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : spanId(value, what);
}

/** Like {@link traceId}, where absent, null and the empty string all mean that there is none. */
export function optionalTraceId(value: unknown, what: string): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : traceId(value, what);
}

function hex(value: unknown, digits: number, what: string): string {
  const id = string(value, what).toLowerCase();
  if (id.length !== digits || !/^[0-9a-f]+$/.test(id) || /^0+$/.test(id)) {
    throw new DecodeError(`${what} is not an id of ${digits} hex digits: ${describe(value)}`);
  }
  return id;
}

function describe(value: unknown): string {
  if (value === undefined) return 'absent';
  const json = JSON.stringify(value);
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}
