import { createInterface } from 'node:readline';
import { lastLines } from './command.ts';

/**
 * Reads an engine's report on a build or an import (a JSON object a line) to its end.
 *
 * @throws {Error} with the engine's error and the last lines it printed before: the engine answers 200 and tells of
 * failures in the report only.
 */
export async function untilReported(report: NodeJS.ReadableStream): Promise<void> {
  let printed = '';
  for await (const line of createInterface({ input: report })) {
    if (line === '') continue;
    // https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild
    const { stream, error } = JSON.parse(line) as { stream?: string; error?: string };
    if (error !== undefined) throw new Error(lastLines(`${printed}\n${error}`));
    if (stream !== undefined) printed = `${printed}${stream}`.slice(-4_096);
  }
}
