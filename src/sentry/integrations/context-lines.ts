import { readFileSync, statSync } from 'node:fs';
import type { Event, Integration, StackFrame } from '@sentry/core';

type Core = Pick<typeof import('@sentry/core'), 'snipLine' | 'LRUMap'>;

/** The source around one place in a stack; null where there is none to be had. */
interface Snippet {
  readonly before: string[];
  readonly line: string;
  readonly after: string[];
}

/** Some 2 KB each, so that a place that fails again costs no reading. */
const REMEMBERED_SNIPPETS = 200;
/** An error's stack names few files of the application; more are not read for one event. */
const MAX_FILES = 20;
const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** Sentry's own limits: beyond them a file is generated or minified, and its lines tell a reader nothing. */
const MAX_LINE = 10_000;
const MAX_COLUMN = 1_000;
const SOURCE_FILE = /(?<!\.min)\.[cm]?[jt]sx?$/i;

/**
 * The source lines around each frame of the application in an error's stack, read synchronously. Sentry's own
 * integration reads asynchronously, and an event that still waits for a file when the process ends is lost: after an
 * uncaught exception always, at `process.exit` and SIGTERM often.
 */
export function contextLines(core: Core): Integration {
  const snippets = new core.LRUMap<string, Snippet | null>(REMEMBERED_SNIPPETS);
  return {
    name: 'ContextLines',
    processEvent: (event, _hint, client) => {
      const count = client.getDataCollectionOptions().frameContextLines;
      const files = new Map<string, readonly string[] | undefined>();
      for (const frame of framesOf(event)) {
        const { filename, lineno } = frame;
        if (filename === undefined || lineno === undefined || !isReadable(frame, filename, lineno)) continue;
        const place = `${filename}:${lineno}`;
        let snippet = snippets.get(place);
        if (snippet === undefined) {
          snippet = snippetAt(linesOf(filename, files), lineno, count, core) ?? null;
          snippets.set(place, snippet);
        }
        if (snippet === null) continue;
        frame.pre_context = snippet.before;
        frame.context_line = snippet.line;
        frame.post_context = snippet.after;
      }
      return event;
    },
  };
}

/** The last frame of each stack, which is the one that threw, comes first. */
function* framesOf(event: Event): Generator<StackFrame> {
  for (const { stacktrace } of event.exception?.values ?? []) yield* stacktrace?.frames?.toReversed() ?? [];
}

function isReadable({ colno = 0, in_app }: StackFrame, filename: string, lineno: number): boolean {
  if (in_app === false || lineno > MAX_LINE || colno > MAX_COLUMN) return false;
  return SOURCE_FILE.test(filename) && !/^(?:node|data):/.test(filename);
}

function snippetAt(
  lines: readonly string[] | undefined,
  lineno: number,
  count: number,
  core: Core,
): Snippet | undefined {
  const line = lines?.[lineno - 1];
  if (lines === undefined || line === undefined) return undefined;
  const snip = (text: string) => core.snipLine(text, 0);
  return {
    before: lines.slice(Math.max(0, lineno - 1 - count), lineno - 1).map(snip),
    line: snip(line),
    after: lines.slice(lineno, lineno + count).map(snip),
  };
}

function linesOf(
  path: string,
  files: Map<string, readonly string[] | undefined>,
): readonly string[] | undefined {
  if (!files.has(path) && files.size < MAX_FILES) files.set(path, readLines(path));
  return files.get(path);
}

function readLines(path: string): readonly string[] | undefined {
  try {
    const file = path.startsWith('file:') ? new URL(path) : path;
    if (statSync(file).size > MAX_FILE_BYTES) return undefined;
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    return undefined; // not on this disk: bundled code, or deleted since; the frame stays as it is
  }
}
