import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type TestReport, type Verdict, verdicts } from '../../../scripts/messaging-table/report.ts';
import { BEGIN, behavioursTable, END, rowsIn, withTable } from '../../../scripts/messaging-table/table.ts';
import { BEHAVIOURS } from '../../e2e/behaviours/list.ts';

const document = readFileSync(new URL('../../../docs/messaging.md', import.meta.url), 'utf8');

describe('the table of behaviours in docs/messaging.md', () => {
  it('names all of them', () => {
    expect(rowsIn(document).map(({ number, behaviour }) => [number, behaviour])).toEqual([...BEHAVIOURS]);
    expect(BEHAVIOURS.size).toBe(39);
  });

  it('says of none that we lack it', () => {
    const rows = rowsIn(document);
    expect(rows).not.toEqual([]);
    for (const { number, ours } of rows) expect(ours, `behaviour ${number}`).toBe('✓');
  });
});

describe('the report of the behaviour tests', () => {
  const report = (...tests: [title: string, failure?: string][]): TestReport => ({
    testResults: [
      {
        name: 'a.test.ts',
        message: '',
        assertionResults: tests.map(([title, failure]) => ({
          title,
          status: failure === undefined ? 'passed' : 'failed',
          failureMessages: failure === undefined ? [] : [failure],
        })),
      },
    ],
  });

  it('counts the tests of a behaviour and says which claim failed first', () => {
    const failure = "AssertionError: the last one counts: expected '1' to be '2'\n    at test.ts:1";
    const found = verdicts(
      report(['5. Repeated (Kafka)'], ['5. Repeated (AMQP)', failure], ['6. Case'], ['More']),
    );
    expect(found).toEqual(
      new Map<number, Verdict>([
        [5, { tests: 2, failed: 1, reason: 'AMQP: the last one counts' }],
        [6, { tests: 1, failed: 0 }],
      ]),
    );
  });

  it('says what the test shows where the assertion has no claim', () => {
    const [verdict] = verdicts(
      report(['5. Repeated (Kafka)', 'AssertionError: expected 1 to be 2']),
    ).values();
    expect(verdict).toEqual({ tests: 1, failed: 1, reason: 'Kafka: Repeated' });
  });

  it('says what nobody saw, without the ids of the run', () => {
    const failure =
      'Error: 5000 ms passed while waiting for: a span of trace 0af7651916cd43dd8448eb211c80319c';
    const [verdict] = verdicts(report(['5. Repeated', failure])).values();
    expect(verdict).toEqual({ tests: 1, failed: 1, reason: 'nothing came: a span of trace …' });
  });

  it('shortens a reason to a line', () => {
    const [verdict] = verdicts(report(['5. Repeated', `Error: ${'word '.repeat(50)}\nmore`])).values();
    expect(verdict).toEqual({ tests: 1, failed: 1, reason: expect.stringMatching(/^(word ){19}word…$/) });
  });

  it('is no report where a file did not run', () => {
    const failed = { name: 'a.test.ts', message: 'SyntaxError', assertionResults: [] };
    expect(() => verdicts({ testResults: [failed] })).toThrow('a.test.ts did not run: SyntaxError');
  });
});

describe('the table', () => {
  const behaviours = new Map([
    [1, 'Buffers'],
    [2, 'Numbers'],
  ]);
  const passed = new Map<number, Verdict>(
    [...behaviours.keys()].map((number) => [number, { tests: 3, failed: 0 }]),
  );
  const failed = new Map<number, Verdict>([...passed, [2, { tests: 3, failed: 2, reason: 'a | __b__' }]]);

  it('takes the place between the markers, again and again', () => {
    const table = behavioursTable(behaviours, { ours: passed, contrib: failed });
    const once = withTable(`# Messages\n${BEGIN}\nthe last\n${END}\nmore\n`, table);
    expect(withTable(once, table)).toBe(once);
    expect(once).toMatch(/^# Messages\n.*\nmore\n$/s);
    expect(once).not.toContain('the last');
    expect(rowsIn(once)).toEqual([
      { number: 1, behaviour: 'Buffers', ours: '✓', contrib: '✓' },
      { number: 2, behaviour: 'Numbers', ours: '✓', contrib: '✗ 2/3 a \\| \\_\\_b\\_\\_' },
    ]);
  });

  it('is not made without a test of every behaviour, or without a place for it', () => {
    const some = new Map([[1, { tests: 3, failed: 0 }]]);
    expect(() => behavioursTable(behaviours, { ours: passed, contrib: some })).toThrow(/behaviours 2$/);
    expect(() => withTable('# Messages', 'table')).toThrow('no place');
  });
});
