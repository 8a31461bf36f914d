import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Step } from './client.ts';
import type { Contender } from './contenders.ts';

/** What a process is started for. */
export interface Task {
  readonly client: 'amqplib' | 'kafkajs';
  readonly address: string;
  readonly destination: string;
  readonly tracedBy: Contender['tracedBy'];
}

/** The first thing a process says. */
export interface Connected {
  readonly steps: readonly Pick<Step, 'name' | 'messages'>[];
}

/** To run a step; without one, to end. */
export interface Command {
  readonly step?: string;
}

export interface Measurement {
  readonly milliseconds: number;
  /** Of the whole process, until what the step's spans are exported as has been sent. */
  readonly cpuMicroseconds: number;
  /** Whether the messages delivered carried trace context; undefined where none were delivered. */
  readonly traced: boolean | undefined;
}

/** No step takes longer, by far. */
const TIMEOUT = 60_000;

/** A contender's process, connected to its broker. */
export class ContenderProcess implements AsyncDisposable {
  readonly contender: Contender;
  readonly steps: Connected['steps'];
  readonly #child: ChildProcess;

  private constructor(contender: Contender, child: ChildProcess, { steps }: Connected) {
    this.contender = contender;
    this.#child = child;
    this.steps = steps;
  }

  static async start(contender: Contender, task: Omit<Task, 'tracedBy'>): Promise<ContenderProcess> {
    const { PATH, HOME } = process.env;
    const worker = fileURLToPath(new URL('./worker.ts', import.meta.url));
    const argument: Task = { ...task, tracedBy: contender.tracedBy };
    const child = fork(worker, [JSON.stringify(argument)], {
      execArgv: [
        '--expose-gc',
        '--disable-warning=TimeoutNegativeWarning', // kafkajs's
        ...contender.execArgv,
      ],
      env: { PATH, HOME, ...contender.env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return new ContenderProcess(contender, child, await answer<Connected>(child, contender.name));
  }

  async run(step: string): Promise<Measurement> {
    const answered = answer<Measurement>(this.#child, this.contender.name);
    this.#send({ step });
    const measurement = await answered;
    const { traced } = measurement;
    if (traced !== undefined && traced !== (this.contender.tracedBy !== undefined)) {
      throw new Error(`${this.contender.name}: messages ${traced ? '' : 'not '}traced`);
    }
    return measurement;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    if (this.#child.connected) this.#send({});
    else this.#child.kill();
    await ended;
    clearTimeout(late);
  }

  #send(command: Command): void {
    this.#child.send(command);
  }
}

/** The next message of a process; rejects where it ends instead. */
async function answer<T>(child: ChildProcess, name: string): Promise<T> {
  const waiting = new AbortController();
  const signal = AbortSignal.any([waiting.signal, AbortSignal.timeout(TIMEOUT)]);
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as T), // of worker.ts
      once(child, 'exit', { signal }).then(([code]) =>
        Promise.reject(new Error(`${name}: ended with ${code}`)),
      ),
    ]);
  } finally {
    waiting.abort();
  }
}
