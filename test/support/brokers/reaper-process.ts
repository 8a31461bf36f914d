// The process behind reaper.ts. It loads nothing until its parent has gone, so that waiting costs little.
const owner = process.argv[2];
if (!owner) throw new Error('usage: reaper-process.ts <owner label>');

process.stdin.resume().once('close', async () => {
  const { answeringEngine } = await import('./engine.ts');
  const { removeOwned } = await import('./owner.ts');
  await removeOwned(await answeringEngine(), owner);
  process.exit();
});

export {};
