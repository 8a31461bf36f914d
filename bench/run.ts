/** `npm run bench [name …] [-- --rounds=<n>]`: each bench prints tables with its peers side by side. */

import { parseArgs } from 'node:util';

const BENCHES: Readonly<Record<string, (rounds: number | undefined) => Promise<void>>> = {
  startup: async () => (await import('./startup.ts')).benchStartup(),
  propagators: async () => (await import('./propagators.ts')).benchPropagators(),
  messages: async (rounds) => (await import('./messages.ts')).benchMessages(rounds),
};

const { positionals: named, values } = parseArgs({
  allowPositionals: true,
  // Of `messages`; the others are done in a moment.
  options: { rounds: { type: 'string' } },
});
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
  throw new Error(`--rounds is a number above 0 (got ${values.rounds})`);

for (const name of named.length > 0 ? named : Object.keys(BENCHES)) {
  const bench = BENCHES[name];
  if (bench === undefined)
    throw new Error(`no bench named ${name}, there are: ${Object.keys(BENCHES).join(', ')}`);
  await bench(rounds);
}
