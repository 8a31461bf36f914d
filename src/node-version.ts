/** The oldest Node.js that OpenTelemetry's SDK 3 runs on. */
export const oldestNode = '22.15.0';

/** @param version as in `process.versions.node` */
export function supportsNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}
