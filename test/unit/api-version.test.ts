import { describe, expect, it } from 'vitest';
import { isNewerApi } from '../../src/api-version.ts';

describe("the application's copy of @opentelemetry/api is preferred to the bundled one", () => {
  it.each([
    ['1.10.1', '1.10.0'],
    ['1.11.0', '1.10.3'],
    ['1.10.0', '1.9.1'],
    ['1.10.0', '1.10.0-rc.1'],
  ])('%s to %s', (app, bundled) => expect(isNewerApi(app, bundled)).toBe(true));

  it.each([
    ['1.10.0', '1.10.0'],
    ['1.9.1', '1.10.0'],
    ['1.10.0-rc.1', '1.10.0'],
    ['2.0.0', '1.10.0'],
    ['0.24.0', '1.10.0'],
    ['latest', '1.10.0'],
  ])('not %s to %s', (app, bundled) => expect(isNewerApi(app, bundled)).toBe(false));
});
