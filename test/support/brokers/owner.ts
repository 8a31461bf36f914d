import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Engine } from './engine.ts';

/** The label on every container started here: which process of which machine it belongs to. */
export const OWNER_LABEL = 'acme.otel-sentry.brokers.owner';

/** A label value for one start: `<host>/<pid>/<random>`. */
export function newOwner(): string {
  return `${hostname()}/${process.pid}/${randomUUID()}`;
}

/**
 * Whether a container with that label value was left behind: its process was on this host and lives no more. Of other
 * hosts that share an engine nothing is known, so theirs stay; and so does what carries a value of some other form.
 */
export function isLeftBehind(owner: string, host: string, isAlive: (pid: number) => boolean): boolean {
  const [ownerHost, pid, run, ...rest] = owner.split('/');
  if (ownerHost !== host || pid === undefined || !/^[1-9]\d{0,9}$/.test(pid) || !run || rest.length > 0)
    return false;
  return !isAlive(Number(pid));
}

/** Removes the containers of one start, running or not, with their volumes. */
export async function removeOwned(engine: Engine, owner: string): Promise<void> {
  await removeByLabel(engine, `${OWNER_LABEL}=${owner}`, () => true);
}

/** Removes what runs that ended without cleaning up left on this machine. */
export async function removeLeftBehind(engine: Engine): Promise<void> {
  const host = hostname();
  await removeByLabel(engine, OWNER_LABEL, (owner) => isLeftBehind(owner, host, isAlive));
}

async function removeByLabel(
  engine: Engine,
  label: string,
  doomed: (owner: string) => boolean,
): Promise<void> {
  const { dockerode } = engine.container;
  const containers = await dockerode.listContainers({ all: true, filters: { label: [label] } });
  const removals = containers
    .filter(({ Labels }) => doomed(Labels[OWNER_LABEL] ?? ''))
    .map(({ Id }) => dockerode.getContainer(Id).remove({ force: true, v: true }).catch(ignoreGone));
  await Promise.all(removals);
}

/** 404: someone else has removed it; 409: someone else is at it. */
function ignoreGone(error: { statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, as someone else's. https://man7.org/linux/man-pages/man2/kill.2.html
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
