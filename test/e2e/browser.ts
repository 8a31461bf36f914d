import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian, other distributions and macOS keep it. */
const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A Chromium of this machine: `CHROMIUM`, else one in its usual place; undefined where there is none. */
export const chromiumPath = PLACES.find((place) => place !== undefined && existsSync(place));

/** @throws where there is none. */
export function startBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('no Chromium found: install it, or say where by CHROMIUM');
  // Its sandbox refuses to run as root, as in most containers; it opens nothing but the demo's page.
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
}
