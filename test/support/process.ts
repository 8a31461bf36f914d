/** Applications under test: child processes with an environment of their own, whose output ends up in error messages. */

import { type ChildProcess, spawn } from 'node:child_process';

export interface RunOptions {
  /** The script to run, before `args`. */
  readonly entry?: string;
  readonly args?: readonly string[];
  /** Node's own options, e.g. `['--import', '@acme/otel-sentry/register']`. */
  readonly execArgv?: readonly string[];
  /** All that the child gets beside {@link INHERITED}; undefined leaves a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The running Node unless told; see `nodeBinary`. */
  readonly nodeBinary?: string;
  readonly cwd?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From the start of the process to its end. */
  readonly durationMs: number;
}

export interface RunningApp extends AsyncDisposable {
  readonly pid: number | undefined;
  /** What it has printed so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves when it has ended and its output is complete, however it ended; rejects if it couldn't be started. */
  readonly exited: Promise<Exit>;
  /** Like `exited`, but rejects with the output unless it ended with code 0. */
  succeeded(): Promise<Exit>;
  /** The first line of stdout or stderr, printed or yet to come, that matches. `timeout` in ms, 15,000 unless told. */
  waitForLine(pattern: RegExp, timeout?: number): Promise<RegExpExecArray>;
  /** The port from the first line that says it listens, as in `listening on 3000` or `… http://127.0.0.1:3000`. */
  ready(timeout?: number): Promise<number>;
  /** @returns whether the signal could be sent. */
  kill(signal?: NodeJS.Signals): boolean;
}

/** A child sees neither the test runner's variables nor telemetry settings of the machine. */
const INHERITED = ['PATH', 'HOME', 'USER', 'TMPDIR', 'LANG', 'TZ', 'SystemRoot', 'NODE_V8_COVERAGE'] as const;

const LISTENING = /\b(?:listening|ready|started)\b.*?(\d{2,5})\/?\s*$/i;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a Node process. Give it to `await using`, or call its `[Symbol.asyncDispose]`: it is killed then. */
export function runApp(options: RunOptions): RunningApp {
  const { entry, args = [], execArgv = [], env = {}, nodeBinary = process.execPath, cwd } = options;
  const inherited = Object.fromEntries(INHERITED.map((name) => [name, process.env[name]]));
  const startedAt = performance.now();
  const child = spawn(nodeBinary, [...execArgv, ...(entry === undefined ? [] : [entry]), ...args], {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const command = child.spawnargs.join(' ');
  const output = { stdout: '', stderr: '' };
  const lines: string[] = [];
  const lineListeners = new Set<(line: string) => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    const printed = (line: string) => {
      lines.push(line);
      for (const listener of [...lineListeners]) listener(line);
    };
    const splitter = lineSplitter(printed);
    child[name].setEncoding('utf8');
    child[name].on('data', (text: string) => {
      output[name] += text;
      splitter.push(text);
    });
    child[name].on('end', () => splitter.end());
  }
  running.add(child);
  const exited = new Promise<Exit>((resolve, reject) => {
    let durationMs = 0;
    child.once('error', reject);
    child.once('exit', () => {
      durationMs = performance.now() - startedAt;
      running.delete(child);
    });
    child.once('close', (code, signal) => resolve({ code, signal, ...output, durationMs }));
  });
  exited.catch(() => running.delete(child)); // whoever awaits `exited` gets the error; nobody has to

  const failure = (message: string) => new Error(`${message}\n$ ${command}\n${report(output)}`);

  const waitForLine = async (pattern: RegExp, timeout = 15_000): Promise<RegExpExecArray> => {
    const late = failure(''); // made here, so that its stack shows who waits
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    const fail = (reason: string) => {
      late.message = failure(`${reason} without a line like ${pattern}`).message;
      reject(late);
    };
    const check = (line: string) => {
      const match = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(line);
      if (match) resolve(match);
    };
    const timer = setTimeout(() => fail(`${timeout} ms passed`), timeout);
    lineListeners.add(check);
    lines.forEach(check);
    exited.then(({ code, signal }) => fail(`It ended (${signal ?? `code ${code}`})`), reject);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      lineListeners.delete(check);
    }
  };

  return {
    pid: child.pid,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    exited,
    succeeded: async () => {
      const exit = await exited;
      if (exit.code !== 0) throw failure(`It ended with ${exit.signal ?? `code ${exit.code}`}`);
      return exit;
    },
    waitForLine,
    ready: async (timeout) => Number((await waitForLine(LISTENING, timeout))[1]),
    kill: (signal = 'SIGTERM') => child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      if (running.has(child)) child.kill('SIGKILL');
      child.stdout.destroy(); // a grandchild may hold them open
      child.stderr.destroy();
      await exited.catch(() => undefined); // it never started: nothing to clean up
    },
  };
}

/** Cuts a stream's text into lines. */
function lineSplitter(line: (text: string) => void): { push(text: string): void; end(): void } {
  let rest = '';
  return {
    push(text) {
      const parts = (rest + text).split(/\r?\n/);
      rest = parts.pop() ?? '';
      parts.forEach(line);
    },
    end() {
      if (rest !== '') line(rest);
      rest = '';
    },
  };
}

/** How much of the end of each stream an error message shows. */
const SHOWN_CHARACTERS = 8000;

function report({ stdout, stderr }: { stdout: string; stderr: string }): string {
  const section = (name: string, text: string) =>
    `--- ${name}\n${text.slice(-SHOWN_CHARACTERS).trimEnd() || '(empty)'}`;
  return `${section('stdout', stdout)}\n${section('stderr', stderr)}`;
}
