import { readFileSync, statSync } from 'node:fs';
import type { Event, Integration, StackFrame } from '@sentry/core';

type Core = Pick<typeof import('@sentry/core'), 'snipLine'>;

/** An error's stack names few files; reading more than these would delay the end of the process. */
const MAX_FILES = 20;
const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** Sentry's own limits: beyond them a file is generated or minified, and its lines tell a reader nothing. */
const MAX_LINE = 10_000;
const MAX_COLUMN = 1_000;
const SOURCE_FILE = /(?<!\.min)\.[cm]?[jt]sx?$/i;

/**
 * The source lines around each frame of an error's stack. Sentry's own integration, which reads files asynchronously,
 * adds them but for errors that end the process: for those the files are read at once.
 *
 * @param sentrys `contextLinesIntegration()` of the Sentry in use.
 * @param isFatal whether the event at hand is such an error.
 */
export function contextLines(core: Core, sentrys: Integration, isFatal: () => boolean): Integration {
  return {
    ...sentrys,
    processEvent: (event, hint, client) => {
      if (!isFatal()) return sentrys.processEvent?.(event, hint, client) ?? event;
      addContextLines(event, client.getDataCollectionOptions().frameContextLines, core);
      return event;
    },
  };
}

function addContextLines(event: Event, count: number, core: Core): void {
  const files = new Map<string, readonly string[] | undefined>();
  const linesOf = (path: string) => {
    if (!files.has(path) && files.size < MAX_FILES) files.set(path, readLines(path));
    return files.get(path);
  };
  for (const { stacktrace } of event.exception?.values ?? []) {
    // The last frame is the one that threw.
    for (const frame of stacktrace?.frames?.toReversed() ?? []) {
      const { filename, lineno } = frame;
      if (filename === undefined || lineno === undefined || !isReadable(frame, filename, lineno)) continue;
      const lines = linesOf(filename);
      const line = lines?.[lineno - 1];
      if (lines === undefined || line === undefined) continue;
      const snip = (text: string) => core.snipLine(text, 0);
      frame.pre_context = lines.slice(Math.max(0, lineno - 1 - count), lineno - 1).map(snip);
      frame.context_line = snip(line);
      frame.post_context = lines.slice(lineno, lineno + count).map(snip);
    }
  }
}

function isReadable({ colno = 0, in_app }: StackFrame, filename: string, lineno: number): boolean {
  if (in_app === false || lineno > MAX_LINE || colno > MAX_COLUMN) return false;
  return SOURCE_FILE.test(filename) && !/^(?:node|data):/.test(filename);
}

function readLines(path: string): readonly string[] | undefined {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) return undefined;
    return readFileSync(path, 'utf8').split(/\r?\n/);
  } catch {
    return undefined; // not on this disk: bundled code, or deleted since; the frame stays as it is
  }
}
