/** What vitest's JSON reporter says of the behaviour tests, by behaviour. */

/** The part of the report that is read here. https://vitest.dev/guide/reporters.html#json-reporter */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    /** Why the file failed as a whole; empty where its tests ran. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

/** Of one behaviour under one instrumentation. */
export interface Verdict {
  /** It may have several: a variant for each client, and more. */
  readonly tests: number;
  readonly failed: number;
  /** Why the first one failed that did. */
  readonly reason?: string;
}

/**
 * A test's title begins with its behaviour's number, see `behaviour` in test/e2e/behaviours/harness.ts. Those without
 * stand beside the list.
 */
const TITLE = /^(?<number>\d+)\. /;
/** A variant stands in parentheses at the end of its title. */
const VARIANT = /\((?<variant>[^()]*)\)$/;

/** Ids and names of one run, which say nothing to a reader. */
const RANDOM = /\b[0-9a-f]{8}[0-9a-f-]*\b/g;

/** How much of a reason the table shows, in characters. */
const REASON_LENGTH = 100;

/**
 * @returns a verdict for every number that has a test.
 * @throws where a file couldn't run: its behaviours would be missing or seem to fail.
 */
export function verdicts({ testResults }: TestReport): Map<number, Verdict> {
  const byNumber = new Map<number, Verdict>();
  // Files end in any order; the table shouldn't depend on that.
  const files = testResults.toSorted((a, b) => a.name.localeCompare(b.name));
  for (const { name, message, assertionResults } of files) {
    if (message !== '' && assertionResults.length === 0) throw new Error(`${name} did not run: ${message}`);
    for (const { title, status, failureMessages } of assertionResults) {
      const number = Number(TITLE.exec(title)?.groups?.number);
      if (Number.isNaN(number)) continue;
      const { tests, failed, ...first } = byNumber.get(number) ?? { tests: 0, failed: 0 };
      byNumber.set(
        number,
        status === 'passed'
          ? { tests: tests + 1, failed, ...first }
          : { tests: tests + 1, failed: failed + 1, reason: reasonOf(title, failureMessages), ...first },
      );
    }
  }
  return byNumber;
}

/** The claim that didn't hold, which is an assertion's message, else the test's title; with its variant if it has one. */
function reasonOf(title: string, failureMessages: readonly string[] | null): string {
  const [line = ''] = (failureMessages?.[0] ?? 'it was not run').split('\n');
  const message = line
    .replace(/^\w*Error: /, '')
    .replace(/(^|: )expected .*$/, '')
    .replace(/^\d+ ms passed while waiting for: /, 'nothing came: ')
    .replace(RANDOM, '…');
  const claim = message || title.replace(TITLE, '').replace(VARIANT, '').trimEnd();
  const variant = VARIANT.exec(title)?.groups?.variant;
  const reason = variant === undefined ? claim : `${variant}: ${claim}`;
  return reason.length > REASON_LENGTH ? `${reason.slice(0, REASON_LENGTH - 1).trimEnd()}…` : reason;
}
