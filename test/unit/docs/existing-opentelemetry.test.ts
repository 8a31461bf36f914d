import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('the guide shows the set-up that the generations run', () => {
  const guide = readFileSync('docs/existing-opentelemetry.md', 'utf8');
  const [, ...lines] = readFileSync('test/generations/own-sdk.mjs', 'utf8').split('\n');
  expect(guide).toContain(lines.join('\n'));
});
