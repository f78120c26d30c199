import type { Instant } from "./clock.ts";
import type { Container } from "./container.ts";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Returns the `Status` of a list entry exactly as Docker formats it, such as `Up 3 minutes (healthy)`. */
export function statusText(container: Container, now: Instant): string {
  const { state, startedAt, finishedAt, exitCode, health } = container;
  if (state === "created" || startedAt === undefined) return "Created";
  if (finishedAt !== undefined) return `Exited (${exitCode}) ${humanDuration(secondsBetween(finishedAt, now))} ago`;
  const up = `Up ${humanDuration(secondsBetween(startedAt, now))}`;
  if (state === "paused") return `${up} (Paused)`;
  if (health === undefined) return up;
  return `${up} (${health === "starting" ? "health: starting" : health})`;
}

/** Formats a duration exactly as Docker does. */
export function humanDuration(seconds: number): string {
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < MINUTE) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / MINUTE);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(seconds / HOUR + 0.5);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  return humanDays(Math.floor(seconds / DAY));
}

function humanDays(days: number): string {
  if (days < 14) return `${days} days`;
  if (days < 60) return `${Math.floor(days / 7)} weeks`;
  if (days < 730) return `${Math.floor(days / 30)} months`;
  return `${Math.floor(days / 365)} years`;
}

function secondsBetween(from: Instant, to: Instant): number {
  return Number((to - from) / 1_000_000_000n);
}
