import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';

/** As npm notes what it has installed: by folder. */
interface Installation {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly link?: boolean }>>;
}

const OURS = 'node_modules/@acme/otel-sentry';

const generation = inject('generation');
if (generation === undefined) throw new Error('vitest.config.ts provides no generation');
const { name, project } = generation;
const [, sentry, openTelemetry] = /^sentry(\d+)-(?:preload|otel(\d+))$/.exec(name) ?? [];
const notes = readFileSync(join(project.folder, 'node_modules', '.package-lock.json'), 'utf8');
const { packages } = JSON.parse(notes) as Installation; // npm's own format

describe(`the project ${name}`, () => {
  const versionsOf = (wanted: string) =>
    Object.entries(packages)
      .filter(([folder]) => folder.endsWith(`node_modules/${wanted}`))
      .map(([, { version }]) => version);

  test('has the Sentry that it is named after, once', () => {
    expect(versionsOf('@sentry/core')).toEqual([expect.stringMatching(`^${sentry}\\.`)]);
  });

  test('has the NodeSDK that it is named after, once, and none under the preload', () => {
    // OpenTelemetry 2 is 0.2xx there, 3 is 0.3xx. Sentry 10 brings tracing of OpenTelemetry 2 without it.
    const expected = openTelemetry === undefined ? [] : [expect.stringMatching(`^0\\.${openTelemetry}..\\.`)];
    expect(versionsOf('@opentelemetry/sdk-node')).toEqual(expected);
  });

  test('has our package itself, and nothing that it would bring beside what the application has', () => {
    expect(packages[OURS]).toMatchObject({ version: expect.any(String) });
    expect(packages[OURS]?.link).toBeUndefined();
    expect(Object.keys(packages).filter((folder) => folder.startsWith(`${OURS}/`))).toEqual([]);
  });
});
