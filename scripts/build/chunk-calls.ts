/**
 * Turns `loadChunk<…>(import.meta.url, './part.ts')` into the path of a file below `dist/preload/`, and has that
 * file built. See src/chunks.ts.
 */

import { relative, sep } from 'node:path';
import type { Plugin, PluginContext } from 'rolldown';
import { type ESTree, parseSync, Visitor } from 'rolldown/utils';

/** A part that becomes a file of its own: its name, without extension, and the module it starts from. */
export interface Chunk {
  readonly name: string;
  readonly id: string;
}

export interface ChunkCallOptions {
  /** The folder that names are made from. */
  readonly root: string;
  /** What the output has for `import.meta.url`. */
  readonly ownPath: 'import.meta.url' | '__filename';
  /** The path that stands in a call for a chunk, relative to the file the call ends up in. */
  readonly pathOf: (chunk: Chunk) => string;
  /** Called for every call; the same chunk may be named by several. */
  readonly onChunk: (chunk: Chunk, context: PluginContext) => void;
}

/** Everything between `loadChunk`'s parentheses that matters here. */
interface Call {
  readonly specifier: string;
  /** Where the arguments stand in the source. */
  readonly start: number;
  readonly end: number;
}

export function chunkCalls({ root, ownPath, pathOf, onChunk }: ChunkCallOptions): Plugin {
  return {
    name: 'chunk-calls',
    transform: {
      filter: { code: 'loadChunk' },
      async handler(code, id) {
        const { program, errors } = parseSync(id, code, { lang: 'ts' });
        if (errors[0] !== undefined) return this.error(`${id}: ${errors[0].message}`);
        const calls = callsIn(program, (at) =>
          this.error('loadChunk(import.meta.url, <literal>) expected', at),
        );
        let rewritten = code;
        for (const { specifier, start, end } of calls.toReversed()) {
          const resolved = await this.resolve(specifier, id);
          if (resolved === null) return this.error(`loadChunk: ${specifier} not found`, start);
          const chunk = {
            name: chunkName(specifier, resolved.id, root),
            id: resolved.id,
          };
          onChunk(chunk, this);
          rewritten = `${rewritten.slice(0, start)}${ownPath}, '${pathOf(chunk)}'${rewritten.slice(end)}`;
        }
        return { code: rewritten, map: null };
      },
    },
  };
}

function callsIn(program: ESTree.Program, invalid: (at: number) => never): Call[] {
  const calls: Call[] = [];
  new Visitor({
    CallExpression({ callee, arguments: [from, path], start }) {
      if (callee.type !== 'Identifier' || callee.name !== 'loadChunk') return;
      const isOwnUrl =
        from?.type === 'MemberExpression' &&
        from.object.type === 'MetaProperty' &&
        from.property.type === 'Identifier' &&
        from.property.name === 'url';
      if (!isOwnUrl || path?.type !== 'Literal' || typeof path.value !== 'string') return invalid(start);
      calls.push({ specifier: path.value, start: from.start, end: path.end });
    },
  }).visit(program);
  return calls;
}

/** `src/start.ts` → `start`, `@opentelemetry/api` → `opentelemetry-api`. */
function chunkName(specifier: string, id: string, root: string): string {
  const path = specifier.startsWith('.')
    ? relative(root, id)
        .replace(/^src[\\/]/, '')
        .replace(/\.ts$/, '')
    : specifier;
  return path.replace(/^@/, '').replaceAll(sep, '-').replaceAll('/', '-');
}
