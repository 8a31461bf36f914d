/** The behaviours and who has them, as a table between two markers of a Markdown file. */

import type { Verdict } from './report.ts';

export const BEGIN = '<!-- behaviours:begin -->';
export const END = '<!-- behaviours:end -->';

const HEADER = `|  # | behaviour | ours | OpenTelemetry's |
| -: | --------- | ---- | --------------- |`;

const NOTE = `✗ says how many of a behaviour's tests fail, and the first thing that does not hold. Tests of what only Sentry has,
such as its own header, fail where nothing reads it.`;

export interface Results {
  readonly ours: ReadonlyMap<number, Verdict>;
  readonly contrib: ReadonlyMap<number, Verdict>;
}

/** @throws where a behaviour has no test. */
export function behavioursTable(behaviours: ReadonlyMap<number, string>, { ours, contrib }: Results): string {
  const untested = [...behaviours.keys()].filter((number) => !ours.has(number) || !contrib.has(number));
  if (untested.length > 0) throw new Error(`no test of behaviours ${untested.join(', ')}`);
  const rows = [...behaviours].map(([number, title]) => {
    const cells = [number, title, cell(ours.get(number)), cell(contrib.get(number))];
    return `| ${cells.join(' | ')} |`;
  });
  return [HEADER, ...rows, '', NOTE].join('\n');
}

/** @throws where the markers aren't there. */
export function withTable(markdown: string, table: string): string {
  const begin = markdown.indexOf(BEGIN);
  const end = markdown.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`no place for the table: ${BEGIN} … ${END}`);
  return `${markdown.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${markdown.slice(end)}`;
}

export interface Row {
  readonly number: number;
  readonly behaviour: string;
  readonly ours: string;
  readonly contrib: string;
}

/** The rows of the table that `withTable` put there. */
export function rowsIn(markdown: string): Row[] {
  const [, table = ''] = markdown.split(BEGIN);
  const lines = (table.split(END)[0] ?? '').split('\n').filter((line) => /^\| \d/.test(line));
  return lines.map((line) => {
    const [, number, behaviour = '', ours = '', contrib = ''] = line
      .split(/(?<!\\)\|/)
      .map((text) => text.trim());
    return { number: Number(number), behaviour, ours, contrib };
  });
}

function cell(verdict: Verdict | undefined): string {
  if (verdict === undefined || verdict.failed === 0) return '✓';
  const { tests, failed, reason = '' } = verdict;
  return `✗ ${failed}/${tests} ${reason.replace(/[|_*<]/g, '\\$&')}`;
}
