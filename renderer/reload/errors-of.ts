/** Levels of nginx and HAProxy, at the beginning of a line or after the time. */
const ERROR = /\[(?:emerg|alert|crit|error)\]/i;
const REMARK = /\[(?:warn|warning|notice|info|debug)\]/i;

/** Drops warnings from the output of a program that reported an error: they would bury it. */
export function errorsOf(output: string): string {
  const lines = output.trim().split("\n");
  if (!lines.some((line) => ERROR.test(line))) return output.trim();
  return lines.filter((line) => ERROR.test(line) || !REMARK.test(line)).join("\n");
}
