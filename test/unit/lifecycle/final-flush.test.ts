import { expect, test } from 'vitest';
import { FinalFlush } from '../../../src/lifecycle/final-flush.ts';
import type { AsynchronousPending, PendingPayloads } from '../../../src/lifecycle/pending.ts';

/** A source that is never done; `left` is what it hands over when it is drained. */
class Endless implements PendingPayloads {
  readonly calls: string[] = [];
  #left = 3;
  pause = () => void this.calls.push('pause');
  resume = () => void this.calls.push('resume');
  flush = () => new Promise<void>(() => undefined);
  drainSync = () =>
    Array.from({ length: this.#left-- }, () => ({
      url: 'http://127.0.0.1:1/',
      headers: {},
      body: new Uint8Array(),
    }));
}

function flushOf(
  sources: readonly PendingPayloads[],
  asynchronousSources: readonly AsynchronousPending[] = [],
) {
  const diagnostics: string[] = [];
  const onDiagnostic = (line: string) => void diagnostics.push(line);
  return {
    flush: new FinalFlush({ sources, asynchronousSources, budgetMs: 100, onDiagnostic }),
    diagnostics,
  };
}

test('the phases of an end share one budget', async () => {
  const { flush, diagnostics } = flushOf([new Endless()]);
  const started = performance.now();
  await flush.asynchronously();
  flush.synchronously();
  expect(performance.now() - started).toBeLessThan(200);
  expect(diagnostics).toEqual(['flush: 3 payload(s) dropped, the 100 ms for it were spent']);
});

test('a process that lives on has the whole budget for its next end', async () => {
  const source = new Endless();
  const { flush, diagnostics } = flushOf([source]);
  await flush.asynchronously();
  flush.livesOn();
  flush.synchronously();
  expect(source.calls).toContain('resume');
  expect(diagnostics.join()).not.toContain('spent');
});

test('an exporter that could not be waited for is named', () => {
  const { flush, diagnostics } = flushOf([], [{ pending: true, flush: async () => undefined }]);
  expect(flush.needsEventLoop).toBe(true);
  flush.synchronously();
  expect(diagnostics).toEqual([
    "flush: 1 exporter(s) can't send synchronously; their last telemetry is lost",
  ]);
});

test('a source that throws does not reach the process', () => {
  const broken = Object.assign(new Endless(), {
    drainSync: () => {
      throw new Error('broken');
    },
  });
  const { flush, diagnostics } = flushOf([broken]);
  flush.synchronously();
  expect(diagnostics).toEqual(['flush: impossible, the last telemetry is lost (broken)']);
});

test('what has to be prepared is, before it is handed over; a failure there is no obstacle', async () => {
  const prepared: string[] = [];
  const preparing = Object.assign(new Endless(), {
    prepare: async () => void prepared.push('metrics'),
  });
  const failing = Object.assign(new Endless(), { prepare: () => Promise.reject(new Error('broken')) });
  const { flush } = flushOf([new Endless(), failing, preparing]);
  expect(flush.needsPreparation).toBe(true);
  await flush.prepare();
  expect(prepared).toEqual(['metrics']);
  expect(flushOf([new Endless()]).flush.needsPreparation).toBe(false);
});
