/** Returns a host name as an argument of a shell, for commands that users copy: a regular expression may be a command. */
export function shellArgument(host: string): string {
  return /^[a-z0-9.-]+$/.test(host) ? host : `'${host.replaceAll("'", String.raw`'\''`)}'`;
}
