/** Says what takes its time. */
export function logToStderr(line: string): void {
  process.stderr.write(`brokers: ${line}\n`);
}
