import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/**
 * Starts a process that removes the owner's containers when this one ends without having done so, however it ends:
 * testcontainers' own reaper does that from a container, whose image can't be pulled where no registry answers.
 * It notices by its standard input, which the kernel closes for the dead. What it too should miss (a power cut)
 * is removed by the next start.
 *
 * @returns a function that calls it off.
 */
export function startReaper(owner: string): () => void {
  const script = fileURLToPath(new URL('reaper-process.ts', import.meta.url));
  // Detached: Ctrl-C on a terminal goes to every process of the group.
  const reaper = spawn(process.execPath, [script, owner], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  reaper.unref();
  // A pipe of a child process is a Socket, as the documentation of subprocess.stdin has it; the type says Writable.
  (reaper.stdin as Socket).unref();
  // Without a reaper the next start still cleans up, so the brokers are worth having.
  reaper.on('error', () => undefined);
  return () => reaper.kill();
}
