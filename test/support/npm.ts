import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** @returns what npm printed on stdout. @throws with all that it printed where it fails. */
export async function npm(args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('npm', [...args], {
      cwd,
      shell: process.platform === 'win32',
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }; // as execFile rejects
    throw new Error(`npm ${args.join(' ')} failed\n${stdout}${stderr}`, { cause: error });
  }
}
