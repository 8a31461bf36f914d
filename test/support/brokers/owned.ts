import type { Engine } from './engine.ts';
import { newOwner, OWNER_LABEL, removeLeftBehind, removeOwned } from './owner.ts';
import { startReaper } from './reaper.ts';

/** The containers of one start. */
export interface Owned {
  /** What each of them is to be labelled with. */
  readonly labels: Readonly<Record<string, string>>;
  /** Removes them. Without this call they go when the process ends, however it ends. */
  remove(): Promise<void>;
}

/** Removes what earlier runs left behind, and begins to own containers. */
export async function ownContainers(engine: Engine): Promise<Owned> {
  await removeLeftBehind(engine);
  const owner = newOwner();
  const dismissReaper = startReaper(owner);
  return {
    labels: { [OWNER_LABEL]: owner },
    remove: async () => {
      await removeOwned(engine, owner);
      dismissReaper();
    },
  };
}
