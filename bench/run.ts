/** `npm run bench [name …]`: each bench prints a table with its peers side by side. */
const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  startup: async () => (await import('./startup.ts')).benchStartup(),
  propagators: async () => (await import('./propagators.ts')).benchPropagators(),
};

const named = process.argv.slice(2);
for (const name of named.length > 0 ? named : Object.keys(BENCHES)) {
  const bench = BENCHES[name];
  if (bench === undefined)
    throw new Error(`no bench named ${name}, there are: ${Object.keys(BENCHES).join(', ')}`);
  await bench();
}
