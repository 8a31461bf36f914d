import type { TestProject } from 'vitest/node';
import type { Generation } from './generations.ts';
import { installProject, packPackage } from './installation.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the shop of the end-to-end tests runs; undefined where it is this checkout. */
    generation?: Generation;
  }
}

/** Set-up of a generation's project: our package, packed, among the packages that its lock names. */
export default async function setup({ config, name }: TestProject): Promise<void> {
  const { generation } = config.provide;
  if (generation === undefined) throw new Error(`vitest.config.ts provides no generation to ${name}`);
  // Each generation has a set-up of its own; the package is the same in all, and the environment is what they share.
  process.env.PACKED_PACKAGE ??= await packPackage();
  await installProject(generation, process.env.PACKED_PACKAGE);
}
