import type { HostName } from "./grammar.ts";
import type { Reservation } from "./route-rules.ts";

/** Returns the reservation that prevents a project from using a name or pattern. */
export function violatedReservation(
  host: HostName,
  project: string | undefined,
  reservations: readonly Reservation[],
): Reservation | undefined {
  const isAllowed = ({ projects }: Reservation): boolean => project !== undefined && projects.includes(project);
  const governing = reservations.find(({ suffix }) => contains(suffix, host));
  if (governing) return isAllowed(governing) ? undefined : governing;
  return reservations.find((one) => namesOf(one).some((name) => matchesSome(host, name)) && !isAllowed(one));
}

/** Returns whether a reservation covers every name that the host name or pattern matches. */
export function isReserved(host: HostName, reservations: readonly Reservation[]): boolean {
  return reservations.some(({ suffix }) => contains(suffix, host));
}

/** Returns the suffix, and the pattern of all names below it. */
export function namesOf({ suffix }: Reservation): HostName[] {
  return /[^0-9.]/.test(suffix) && !suffix.startsWith("[") ? [suffix, `*.${suffix}` as HostName] : [suffix];
}

/** Whether nginx uses the server of this host only for names without an exact one. */
export function isPattern(host: HostName): boolean {
  return /^\*\.|^~|\.\*$/.test(host);
}

/**
 * Returns whether nginx would use the server of `pattern` for a name that `host` matches, if there were no server for
 * `host`. What a regular expression or a trailing wildcard matches is not computed: both may match any name.
 */
export function matchesSome(pattern: HostName, host: HostName): boolean {
  if (pattern.startsWith("~") || pattern.endsWith(".*")) return true;
  return pattern.startsWith("*.") && host.replace(/^\*\./, "").endsWith(pattern.slice(1));
}

function contains(suffix: string, host: HostName): boolean {
  if (host.startsWith("~") || host.endsWith(".*")) return false;
  const name = host.replace(/^\*\./, "");
  return name === suffix || name.endsWith(`.${suffix}`);
}
