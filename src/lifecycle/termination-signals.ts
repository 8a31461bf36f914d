import { constants } from 'node:os';
import type { FinalFlush } from './final-flush.ts';
import type { Guard } from './guard.ts';
import { finishedWithin } from './keep-alive.ts';

/** The signals that are sent to end a process, and that end it where nobody listens. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
type TerminationSignal = (typeof SIGNALS)[number];

/** The longest wait for callbacks of the application's own metrics. */
const PREPARATION_MS = 100;

/**
 * Flushes before a signal ends the process, and raises the signal again: the process dies by it, as it would have
 * without us.
 *
 * A listener of ours is there only while the application has none for that signal. So its own handlers run alone, a
 * library that counts listeners to decide whether the signal is its to raise again (`signal-exit`) finds its own only,
 * and a signal raised after the last handler took itself off meets ours.
 *
 * @returns a function that ends it.
 */
export function flushBeforeTermination(flush: FinalFlush, guard: Guard): () => void {
  const kill = process.kill;
  const listening = new Set<TerminationSignal>();
  let waiting = false;
  let installed = true;

  const listen = (signal: TerminationSignal) => {
    listening.add(signal);
    process.on(signal, onSignal);
  };
  const leave = (signal: TerminationSignal) => {
    listening.delete(signal);
    process.off(signal, onSignal);
  };
  const listenWhereNobodyDoes = () => {
    for (const signal of SIGNALS) if (process.listenerCount(signal) === 0) listen(signal);
  };

  const onSignal = guard((name: NodeJS.Signals) => {
    const signal = terminationSignal(name);
    if (signal === undefined) return;
    if (waiting || (!flush.needsEventLoop && !flush.needsPreparation)) {
      die(signal, process.pid);
      return;
    }
    waiting = true; // a second signal does not wait
    const ready = flush.needsEventLoop
      ? flush.asynchronously()
      : finishedWithin(flush.prepare(), PREPARATION_MS);
    void ready.then(() => die(signal, process.pid));
  });

  const die = (signal: TerminationSignal, pid: number): true => {
    flush.synchronously();
    // With the last listener Node takes its handler off, and the signal does what it does by default.
    leave(signal);
    setImmediate(livesOn).unref();
    return kill.call(process, pid, signal);
  };

  // Reached where the kernel ignores the signal: by default it does so for the first process of a container.
  const livesOn = () => {
    waiting = false;
    if (installed) listenWhereNobodyDoes();
    flush.livesOn();
  };

  // Ahead of Node's own listener, which installs a signal's handler for its first listener: ours taken off after that
  // would take away the handler that the application's listener needs.
  const onNewListener = guard((event: string | symbol, listener: unknown) => {
    const signal = terminationSignal(event);
    if (signal !== undefined && listener !== onSignal && listening.has(signal)) leave(signal);
  });
  const onRemoveListener = guard((event: string | symbol, listener: unknown) => {
    const signal = terminationSignal(event);
    if (signal !== undefined && listener !== onSignal && process.listenerCount(signal) === 0) listen(signal);
  });

  // A process that raises a signal on itself dies before `process.kill` returns. Were the signal left to our listener,
  // what follows the call would still run, a `process.exit(1)` perhaps.
  const raise: typeof process.kill = (pid, name) => {
    const signal = terminationSignal(name);
    const own = pid === process.pid || pid === 0;
    const fatal = own && signal !== undefined && listening.has(signal) && !flush.needsEventLoop;
    return fatal ? die(signal, pid) : kill.call(process, pid, name);
  };

  const emitter: NodeJS.EventEmitter = process; // @types/node's `process` has no `prependListener` for this event
  emitter.prependListener('newListener', onNewListener);
  process.on('removeListener', onRemoveListener);
  listenWhereNobodyDoes();
  process.kill = raise;

  return () => {
    installed = false;
    process.off('newListener', onNewListener);
    process.off('removeListener', onRemoveListener);
    for (const signal of listening) leave(signal);
    if (process.kill === raise) process.kill = kill;
  };
}

/** By name or number; none is `process.kill`'s default. */
function terminationSignal(signal: string | symbol | number = 'SIGTERM'): TerminationSignal | undefined {
  return SIGNALS.find((name) => name === signal || constants.signals[name] === signal);
}
