import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lastLines } from '../../support/brokers/command.ts';
import { within } from '../../support/brokers/deadline.ts';
import { untilReported } from '../../support/brokers/engine-report.ts';
import { filesOf, isUpToDate, RECIPE_LABEL, recipeHash } from '../../support/brokers/recipe.ts';

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'recipe-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
  return folder;
}

describe('an image made here', () => {
  it('is used again while its recipe stays, wherever that lies', async () => {
    const made = recipeHash(await filesOf(await folderOf({ Dockerfile: 'FROM x', run: 'exec x' })));
    const now = recipeHash(await filesOf(await folderOf({ run: 'exec x', Dockerfile: 'FROM x' })));
    expect(isUpToDate({ [RECIPE_LABEL]: made }, now)).toBe(true);
  });

  it.each([
    [{ Dockerfile: 'FROM y', run: 'exec x' }],
    [{ Dockerfile: 'FROM x', start: 'exec x' }],
    [{ Dockerfile: 'FROM x' }],
    [{ Dockerfile: 'FROM xrun', '': 'exec x' }],
  ])('is made anew when the recipe becomes %j', async (changed) => {
    const made = recipeHash(['Dockerfile', 'FROM x', 'run', 'exec x']);
    expect(isUpToDate({ [RECIPE_LABEL]: made }, recipeHash(Object.entries(changed).flat()))).toBe(false);
  });

  it('has a hash that no other list of parts has', () => {
    const parts = fc.array(fc.string());
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(recipeHash(one)).not.toBe(recipeHash(other));
      }),
    );
  });

  it("is used as it is when it is somebody else's", () => {
    expect(isUpToDate({ maintainer: 'us' }, recipeHash([]))).toBe(true);
  });
});

describe("the engine's report on a build", () => {
  const report = (...lines: object[]) => Readable.from(lines.map((line) => `${JSON.stringify(line)}\r\n`));

  it('ends well when it tells of no error', async () => {
    await expect(untilReported(report({ stream: 'Step 1' }, { aux: { ID: 'x' } }))).resolves.toBeUndefined();
    await expect(untilReported(report())).resolves.toBeUndefined();
  });

  it('fails with the error and what the failing step printed', async () => {
    const failing = report({ stream: 'Step 1\n' }, { stream: 'E: no package\n' }, { error: 'code 100' });
    await expect(untilReported(failing)).rejects.toThrow('E: no package\ncode 100');
  });
});

describe('an answer waited for', () => {
  it('is passed on, as is a refusal', async () => {
    await expect(within(60_000, 'late', Promise.resolve('here'))).resolves.toBe('here');
    await expect(within(60_000, 'late', Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  it('is given up after its time', async () => {
    await expect(within(5, 'no answer', new Promise(() => undefined))).rejects.toThrow(
      'no answer (within 0.005 s)',
    );
  });
});

it('what a failed command said is kept short, without blank lines', () => {
  expect(lastLines('1\n2\n\n3 \n\n', 2)).toBe('2\n3');
});
