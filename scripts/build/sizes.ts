/** What a build wrote, as a table. */

import { gzipSync } from 'node:zlib';
import type { OutputChunk } from 'rolldown';

export function sizeTable(chunks: readonly OutputChunk[]): string {
  const rows = chunks
    .map(({ fileName, code, modules }) => ({
      fileName,
      modules: Object.keys(modules).length,
      bytes: Buffer.byteLength(code),
      gzip: gzipSync(code).length,
    }))
    .toSorted((a, b) => b.bytes - a.bytes);
  const sum = (column: 'modules' | 'bytes' | 'gzip') => rows.reduce((total, row) => total + row[column], 0);
  const total = {
    fileName: `${rows.length} files`,
    modules: sum('modules'),
    bytes: sum('bytes'),
    gzip: sum('gzip'),
  };
  const lines = [...rows, total].map(({ fileName, modules, bytes, gzip }) =>
    [fileName.padEnd(64), String(modules).padStart(8), kilobytes(bytes), kilobytes(gzip)].join(''),
  );
  return [`${'file'.padEnd(64)} modules       kB    gzip kB`, ...lines].join('\n');
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1).padStart(10);
}
