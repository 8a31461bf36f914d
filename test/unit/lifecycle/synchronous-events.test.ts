import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@sentry/core';
import {
  contextLinesIntegration,
  defaultStackParser,
  NodeClient,
  nodeContextIntegration,
} from '@sentry/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contextLines } from '../../../src/sentry/integrations/context-lines.ts';
import { nodeContext } from '../../../src/sentry/integrations/node-context.ts';

/** The events of a client with these integrations, as far as they have reached its transport. */
function clientWith(...integrations: core.Integration[]) {
  const events: core.Event[] = [];
  const client = new NodeClient({
    dsn: 'http://public@127.0.0.1:1/1',
    integrations,
    stackParser: defaultStackParser,
    enableRuntimeChannelInjection: false,
    transport: () => ({
      send: async ([, items]) => {
        for (const [header, payload] of items)
          if (header.type === 'event') events.push(payload as core.Event);
        return {};
      },
      flush: async () => true,
    }),
  });
  client.init();
  const capture = (error: Error) => void client.captureException(error, {}, new core.Scope());
  return { client, capture, events };
}

describe('contexts', () => {
  const CONTEXTS = ['app', 'os', 'device', 'culture'] as const;

  test('an event has what Sentry’s own integration adds, without waiting', async () => {
    const ours = clientWith(nodeContext());
    const sentrys = clientWith(nodeContextIntegration());
    ours.capture(new Error('ours'));
    const [event] = ours.events; // there before anything asynchronous could happen
    sentrys.capture(new Error('theirs'));
    await sentrys.client.flush();
    for (const name of CONTEXTS) {
      const theirs = Object.keys(sentrys.events[0]?.contexts?.[name] ?? {});
      expect(Object.keys(event?.contexts?.[name] ?? {}).sort(), name).toEqual(theirs.sort());
    }
  });

  test('what the application set stays', () => {
    const { client, events } = clientWith(nodeContext());
    client.captureEvent({ contexts: { os: { name: 'ours' } } });
    expect(events[0]?.contexts?.os).toMatchObject({ name: 'ours', kernel_version: expect.any(String) });
  });

  test('a segment span has the parts that never change and keeps its own', () => {
    const { client } = clientWith(nodeContext());
    const attributes: Record<string, unknown> = { 'os.name': 'ours' };
    const span = { attributes } as unknown as Parameters<
      NonNullable<core.Integration['processSegmentSpan']>
    >[0];
    client.emit('processSegmentSpan', span);
    expect(span.attributes).toMatchObject({ 'os.name': 'ours', 'process.runtime.engine.name': 'v8' });
    expect(Object.keys(span.attributes ?? {}).join()).not.toContain('free_memory');
  });
});

describe('source lines around the frames of a stack', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'context-lines-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const SOURCE = Array.from({ length: 20 }, (_, i) => `const line${i + 1} = ${i + 1};`).join('\n');

  /** An error that says it was thrown in line 9 of that file. */
  function thrownIn(file: string): Error {
    const error = new Error('thrown');
    error.stack = `Error: thrown\n    at fail (${file}:9:3)\n    at node:internal/timers:1:1`;
    return error;
  }

  async function linesOf(integration: core.Integration, error: Error) {
    const { client, capture, events } = clientWith(integration);
    capture(error);
    const atOnce = events.length;
    await client.flush();
    const frames = events[0]?.exception?.values?.[0]?.stacktrace?.frames ?? [];
    const lines = frames.map(({ pre_context, context_line, post_context }) => {
      return { pre_context, context_line, post_context };
    });
    return { atOnce, lines };
  }

  test('are those of Sentry’s own integration, and the event does not wait for them', async () => {
    const file = join(folder, 'app.mjs');
    await writeFile(file, SOURCE);
    const sentrys = await linesOf(contextLinesIntegration(), thrownIn(file));
    const ours = await linesOf(contextLines(core), thrownIn(file));
    expect(ours.lines).toEqual(sentrys.lines);
    expect(ours.lines.at(-1)).toMatchObject({ context_line: 'const line9 = 9;' });
    expect([sentrys.atOnce, ours.atOnce]).toEqual([0, 1]);
  });

  test('are shown again for a place that fails again', async () => {
    const file = join(folder, 'app.mjs');
    await writeFile(file, SOURCE);
    const { capture, events } = clientWith(contextLines(core));
    for (let i = 0; i < 2; i++) capture(thrownIn(file));
    const [first, second] = events.map(({ exception }) => exception?.values?.[0]?.stacktrace?.frames);
    expect(second).toEqual(first);
    expect(second?.at(-1)).toMatchObject({ context_line: 'const line9 = 9;' });
  });

  test.each([
    ['a file that is not there', 'gone.mjs', undefined],
    ['a minified file', 'app.min.js', SOURCE],
    ['a file of more than 2 MiB', 'large.mjs', `${SOURCE}\n//${'x'.repeat(2 * 1024 * 1024)}`],
  ])('are left out for %s', async (_, name, text) => {
    const file = join(folder, name);
    if (text !== undefined) await writeFile(file, text);
    const { lines, atOnce } = await linesOf(contextLines(core), thrownIn(file));
    expect(lines.at(-1)).toEqual({});
    expect(atOnce).toBe(1);
  });
});
