/** Versions of `@opentelemetry/api`, as far as choosing between two copies needs them. */

const VERSION = /^(\d+)\.(\d+)\.(\d+)(-.+)?$/;

/**
 * Whether the copy `candidate` must be preferred to the copy `own`: a library on an api copy newer than the one that
 * registered the globals finds nothing, silently, while one on an older copy finds them. Of another major they never
 * meet, so that then, or where one isn't a version, the answer is no.
 */
export function isNewerApi(candidate: string, own: string): boolean {
  const ours = VERSION.exec(own);
  const theirs = VERSION.exec(candidate);
  if (ours === null || theirs === null || ours[1] !== theirs[1]) return false;
  for (const part of [2, 3]) {
    const difference = Number(theirs[part]) - Number(ours[part]);
    if (difference !== 0) return difference > 0;
  }
  return theirs[4] === undefined && ours[4] !== undefined; // a release is newer than its candidates
}
