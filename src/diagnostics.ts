/**
 * What the preload has to say to a person: one line on stderr, `NAME: what is wrong (got …, expected …)`. Each line is
 * said once. Nothing here can throw: stderr may be closed.
 */
const said = new Set<string>();

export function report(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  write(line);
}

/** Lines for whoever looks for a fault in telemetry itself; silent unless OTEL_LOG_LEVEL asks for them. */
export function debug(line: string): void {
  if (/^(debug|verbose|all)$/i.test(process.env.OTEL_LOG_LEVEL ?? '')) write(`otel-sentry: ${line}`);
}

function write(line: string): void {
  try {
    process.stderr.write(`${line}\n`);
  } catch {
    // A closed stderr leaves nobody to tell.
  }
}

/** An error as one line, whatever was thrown. */
export function reason(error: unknown): string {
  try {
    const message = error instanceof Error ? error.message : String(error);
    return message.split('\n', 1)[0] ?? '';
  } catch {
    return 'unprintable error';
  }
}
