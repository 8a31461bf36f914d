import { execFile } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';

const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const TSC = join(NODE_MODULES, 'typescript', 'bin', 'tsc');
/** As an application in TypeScript has it, with the declarations of its own packages. */
const OPTIONS = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024'];
const NODE_TYPES = ['--types', 'node', '--typeRoots', join(NODE_MODULES, '@types')];

const generation = inject('generation');
if (generation === undefined) throw new Error('vitest.config.ts provides no generation');
const { folder } = generation.project;

test("our parts fit the types of the project's own OpenTelemetry", async () => {
  const typed = join(folder, 'own-sdk.mts');
  await copyFile(join(folder, 'own-sdk.mjs'), typed);
  try {
    const checked = promisify(execFile)(process.execPath, [TSC, ...OPTIONS, ...NODE_TYPES, 'own-sdk.mts'], {
      cwd: folder,
    });
    const complaints = await checked.then(
      ({ stdout }) => stdout,
      (error: { readonly stdout: string }) => `${error}\n${error.stdout}`, // as execFile rejects
    );
    expect(complaints).toBe('');
  } finally {
    await rm(typed);
  }
});
