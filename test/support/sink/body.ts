/** The body of a request: read within a limit, and decompressed within the same limit. */

import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { DecodeError } from './json.ts';

/** As sent and decompressed alike. */
export const MAX_BODY_BYTES = 20 * 1024 * 1024;

/**
 * The body as sent, or undefined where the client left before it was complete. Beyond the limit the rest is read and
 * thrown away, so that the client gets an answer.
 * @throws {DecodeError} with status 413 beyond the limit.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
    }
  } catch (error) {
    if (request.destroyed && !request.complete) return undefined;
    throw error;
  }
  if (size > MAX_BODY_BYTES) throw new DecodeError(`body of ${size} bytes, at most ${MAX_BODY_BYTES}`, 413);
  return Buffer.concat(chunks);
}

const LIMIT = { maxOutputLength: MAX_BODY_BYTES };

const DECOMPRESSORS: Readonly<Record<string, (body: Buffer) => Promise<Buffer>>> = {
  identity: (body) => Promise.resolve(body),
  gzip: (body) => promisify<Buffer, typeof LIMIT, Buffer>(gunzip)(body, LIMIT),
  deflate: (body) => promisify<Buffer, typeof LIMIT, Buffer>(inflate)(body, LIMIT),
  br: (body) => promisify<Buffer, typeof LIMIT, Buffer>(brotliDecompress)(body, LIMIT),
  zstd: (body) => promisify<Buffer, typeof LIMIT, Buffer>(zstdDecompress)(body, LIMIT),
};

/**
 * The body without its Content-Encoding.
 * @throws {DecodeError} with status 415 for an unknown encoding, 400 where the data doesn't decompress within the limit.
 */
export async function decompress(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  const decompressor = DECOMPRESSORS[encoding?.trim().toLowerCase() || 'identity'];
  if (decompressor === undefined) throw new DecodeError(`unknown content-encoding ${encoding}`, 415);
  try {
    return await decompressor(body);
  } catch (error) {
    throw new DecodeError(`body is not ${encoding}: ${(error as Error).message}`); // zlib throws Errors only
  }
}
