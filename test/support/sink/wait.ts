import type { TelemetryStore } from './store.ts';
import { summary } from './summary.ts';

export interface WaitOptions {
  /** Milliseconds; 15,000 unless told. */
  readonly timeout?: number;
}

/** Those who wait for something to arrive. */
export class Waiters {
  readonly #store: TelemetryStore;
  readonly #pending = new Set<(reason: string) => void>();

  constructor(store: TelemetryStore) {
    this.#store = store;
  }

  /** Resolves with the first result of `check` that is neither undefined nor false; it runs now and on each arrival. */
  wait<T>(description: string, check: () => T | undefined | false, options: WaitOptions = {}): Promise<T> {
    const { timeout = 15_000 } = options;
    const failed = new Error(description); // made here, so that its stack shows who waits
    return new Promise<T>((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        stopListening();
        this.#pending.delete(fail);
      };
      const fail = (reason: string) => {
        end();
        failed.message = `${reason} while waiting for: ${description}\n${this.#arrived()}`;
        reject(failed);
      };
      const attempt = () => {
        try {
          const result = check();
          if (result === undefined || result === false) return;
          end();
          resolve(result);
        } catch (error) {
          end();
          reject(error);
        }
      };
      const timer = setTimeout(() => fail(`${timeout} ms passed`), timeout);
      const stopListening = this.#store.onArrival(attempt);
      this.#pending.add(fail);
      attempt();
    });
  }

  /** Rejects all who still wait. */
  failAll(reason: string): void {
    for (const fail of [...this.#pending]) fail(reason);
  }

  #arrived(): string {
    return summary(this.#store.telemetry) || '  nothing arrived';
  }
}
