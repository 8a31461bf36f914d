import { finishedWithin } from './keep-alive.ts';
import type { AsynchronousPending, PendingPayloads } from './pending.ts';
import { postSync } from './synchronous-post.ts';

/** With less time left there is no point in starting the worker thread that sends. */
const WORKER_START_MS = 20;

export interface FinalFlushOptions {
  readonly sources: readonly PendingPayloads[];
  readonly asynchronousSources: readonly AsynchronousPending[];
  /** The longest time, in milliseconds, by which telemetry may delay the end of the process, all phases together. */
  readonly budgetMs: number;
  readonly onDiagnostic: (line: string) => void;
}

/** Sends what is left when the process ends, within one budget of time. Never throws. */
export class FinalFlush {
  readonly #options: FinalFlushOptions;
  #deadline: number | undefined;

  constructor(options: FinalFlushOptions) {
    this.#options = options;
  }

  /** Whether something is left that only {@link asynchronously} can send. */
  get needsEventLoop(): boolean {
    return this.#options.asynchronousSources.some(({ pending }) => pending);
  }

  /** Whether {@link synchronously} would miss something without {@link prepare}. */
  get needsPreparation(): boolean {
    return this.#options.sources.some(({ prepare }) => prepare !== undefined);
  }

  /** Never rejects. As a rule it takes no turn of the event loop; what the application makes it wait for may. */
  async prepare(): Promise<void> {
    await Promise.allSettled(this.#options.sources.map((source) => source.prepare?.()));
  }

  /** Nothing more goes to the network until {@link synchronously}, or until {@link livesOn}. */
  pause(): void {
    for (const source of this.#options.sources) source.pause();
  }

  /** The process did not end after all: telemetry goes on, and its next end has the whole budget again. */
  livesOn(): void {
    this.#deadline = undefined;
    for (const source of this.#options.sources) source.resume();
  }

  /** For as long as events are still handled. Keeps the process alive meanwhile. */
  async asynchronously(): Promise<void> {
    const leftMs = this.#start();
    if (leftMs <= 0) return;
    const { sources, asynchronousSources } = this.#options;
    const flushes = [...sources, ...asynchronousSources.filter(({ pending }) => pending)].map((source) =>
      source.flush(leftMs),
    );
    await finishedWithin(Promise.allSettled(flushes), leftMs);
  }

  /** Blocks the thread. */
  synchronously(): void {
    const { sources, asynchronousSources, budgetMs, onDiagnostic } = this.#options;
    const leftMs = this.#start();
    try {
      const payloads = sources.flatMap((source) => source.drainSync());
      const left = asynchronousSources.filter(({ pending }) => pending).length;
      if (left > 0)
        onDiagnostic(`flush: ${left} exporter(s) can't send synchronously; their last telemetry is lost`);
      if (payloads.length === 0) return;
      if (leftMs < WORKER_START_MS) {
        onDiagnostic(`flush: ${payloads.length} payload(s) dropped, the ${budgetMs} ms for it were spent`);
        return;
      }
      const { delivered, refused, unanswered } = postSync(payloads, leftMs);
      onDiagnostic(
        `flush: ${delivered} payload(s) delivered, ${refused} refused, ${unanswered} without an answer`,
      );
    } catch (error) {
      onDiagnostic(
        `flush: impossible, the last telemetry is lost (${error instanceof Error ? error.message : error})`,
      );
    }
  }

  /** The phases of an end follow one another: one deadline holds for all. @returns the milliseconds until then. */
  #start(): number {
    this.#deadline ??= performance.now() + this.#options.budgetMs;
    return this.#deadline - performance.now();
  }
}
