import { Worker } from 'node:worker_threads';
import type { Payload } from './pending.ts';
import { postAll } from './post-worker.ts';

/** What became of payloads. */
export interface Delivery {
  /** Answered with a 2xx status. */
  readonly delivered: number;
  /** Answered with another status, or no connection. */
  readonly refused: number;
  /** No answer in time. */
  readonly unanswered: number;
}

/**
 * Posts payloads, several at a time, and blocks this thread until each is answered or `budgetMs` have passed. It is for
 * the moments after which no event is handled any more: `exit`, and the last instant before death by a signal.
 *
 * A worker thread does it. Where Node allows none (`--permission` without `--allow-worker`) this throws.
 */
export function postSync(payloads: readonly Payload[], budgetMs: number): Delivery {
  if (payloads.length === 0) return { delivered: 0, refused: 0, unanswered: 0 };
  const deadline = performance.now() + budgetMs;
  const { NODE_TLS_REJECT_UNAUTHORIZED } = process.env;
  const counters = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(`(${postAll})(require)`, {
    eval: true,
    workerData: { payloads, counters },
    name: 'otel-sentry flush',
    // Neither the application's preloads, which NODE_OPTIONS would bring too, nor anything on its output.
    execArgv: [],
    env: NODE_TLS_REJECT_UNAUTHORIZED === undefined ? {} : { NODE_TLS_REJECT_UNAUTHORIZED },
    stdout: true,
    stderr: true,
  });
  worker.unref();
  // Reached only where the process lives on. Whatever failed in the worker is counted as unanswered.
  worker.on('error', () => undefined);
  try {
    for (;;) {
      const answered = Atomics.load(counters, 0);
      const leftMs = deadline - performance.now();
      if (answered === payloads.length || leftMs <= 0) break;
      Atomics.wait(counters, 0, answered, leftMs);
    }
  } finally {
    void worker.terminate();
  }
  const answered = Atomics.load(counters, 0);
  const delivered = Atomics.load(counters, 1);
  return { delivered, refused: answered - delivered, unanswered: payloads.length - answered };
}
