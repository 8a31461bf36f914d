/** `https://<public key>@<host>[:port][/path]/<project id>`, as Sentry's settings show it. */
const DSN = /^https?:\/\/\w+(?::\w*)?@(?:[\w.-]+|\[[\da-f:]+\])(?::\d+)?(?:\/[\w./-]*)?\/\d+\/?$/i;

/** @see https://develop.sentry.dev/sdk/overview/#parsing-the-dsn */
export function isDsn(value: string): boolean {
  return DSN.test(value);
}

/** A would-be DSN fit for a log: whatever could be its key is left out. */
export function redactDsn(value: string): string {
  const at = value.lastIndexOf('@');
  const scheme = /^[a-z]+:\/\//i.exec(value)?.[0] ?? '';
  const shown =
    at < 0 ? value.slice(scheme.length).replace(/[\da-f]{16,}/gi, '***') : `***${value.slice(at)}`;
  return (scheme + shown).slice(0, 80);
}
