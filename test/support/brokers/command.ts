import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const SHOWN_LINES = 8;

/**
 * Runs a program and resolves with its standard output.
 *
 * @throws {Error} with the command and the last lines of what it printed, when it can't start or ends with another code than 0.
 */
export async function command(
  program: string,
  args: readonly string[],
  env: Readonly<NodeJS.ProcessEnv> = {},
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      env: { ...process.env, ...env },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    // execFile's rejection carries both streams: https://nodejs.org/api/child_process.html#child_processexecfilefile-args-options-callback
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const said = lastLines(`${stdout}\n${stderr}`);
    throw new Error(`\`${[program, ...args].join(' ')}\` failed: ${said || message}`, { cause: error });
  }
}

/** The last few lines that aren't blank: where a log says why. */
export function lastLines(text: string, count = SHOWN_LINES): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count)
    .join('\n');
}
