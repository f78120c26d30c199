import { EARLIEST, LATEST, printMoment } from "../date-layout.ts";
import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Dates");

const CREATED = { createdAt: 1_767_324_245_000 };

/** Seconds of the units of `durationRound`, from the longest. */
const UNITS = { y: 31_536_000, mo: 2_592_000, d: 86_400, h: 3_600, m: 60, s: 1 };

/** Moments that are given, in milliseconds since 1970 as containers have them. What the time is now no helper tells. */
export const dates: readonly Helper[] = [
  define(
    "date LAYOUT MILLISECONDS",
    "The moment in UTC, as LAYOUT shows Go's reference time, Mon Jan 2 15:04:05 MST 2006. MST prints UTC or the offset. Nothing for a missing moment.",
    { template: `{{date "2006-01-02 15:04" createdAt}}`, data: CREATED, prints: "2026-01-02 03:24" },
    (call) => moment(call, 1, (at) => printed(call, call.text(0), at)),
  ),
  define(
    "dateInZone LAYOUT MILLISECONDS ZONE",
    "As `date`, in a time zone such as Europe/Berlin.",
    { template: `{{dateInZone "15:04 -0700" createdAt "Europe/Berlin"}}`, data: CREATED, prints: "04:24 +0100" },
    (call) => moment(call, 1, (at) => printed(call, call.text(0), at, 2)),
  ),
  define(
    "htmlDate MILLISECONDS",
    "The day in UTC: 2006-01-02 in the words of `date`.",
    { template: `{{htmlDate createdAt}}`, data: CREATED, prints: "2026-01-02" },
    (call) => moment(call, 0, (at) => printed(call, "2006-01-02", at)),
  ),
  define(
    "htmlDateInZone MILLISECONDS ZONE",
    "As `htmlDate`, in a time zone.",
    { template: `{{htmlDateInZone createdAt "Pacific/Honolulu"}}`, data: CREATED, prints: "2026-01-01" },
    (call) => moment(call, 0, (at) => printed(call, "2006-01-02", at, 1)),
  ),
  define(
    "unixEpoch MILLISECONDS",
    "Whole seconds since 1970. Nothing for a missing moment.",
    { template: `{{unixEpoch createdAt}}`, data: CREATED, prints: "1767324245" },
    (call) => moment(call, 0, (at) => Math.floor(at / 1000)),
  ),
  define(
    "dateModify DURATION MILLISECONDS",
    "The moment, later by a DURATION such as 1h30m, or earlier by one such as -90s; units are h, m, s and ms. Nothing for a missing moment.",
    { template: `{{date "15:04" (dateModify "-1h" createdAt)}}`, data: CREATED, prints: "02:24" },
    (call) => moment(call, 1, (at) => at + durationOf(call, 0)),
  ),
  define(
    "duration SECONDS",
    "Whole seconds as hours, minutes and seconds.",
    { template: `{{duration 5405}}`, prints: "1h30m5s" },
    (call) => durationText(seconds(call)),
  ),
  define(
    "durationRound SECONDS",
    "Seconds as whole ones of the longest unit they fill: y, mo (30 days), d, h, m or s.",
    { template: `{{durationRound 5405}}`, prints: "1h" },
    (call) => {
      const total = seconds(call);
      const [unit, size] = Object.entries(UNITS).find(([, size]) => Math.abs(total) >= size) ?? ["s", 1];
      return `${Math.trunc(total / size)}${unit}`;
    },
  ),
];

/** What is made of the moment; undefined when it is missing. */
function moment<T>(call: HelperCall, at: number, make: (epochMs: number) => T): T | undefined {
  if ((call.value(at) ?? undefined) === undefined) return undefined;
  const epochMs = call.number(at);
  if (epochMs < EARLIEST || epochMs > LATEST) throw call.misuse(at, "milliseconds in the years 1 to 9999");
  return make(epochMs);
}

function printed(call: HelperCall, layout: string, epochMs: number, zoneAt?: number): string {
  const text = printMoment(layout, epochMs, zoneAt === undefined ? "UTC" : call.text(zoneAt));
  if (text === undefined) throw call.misuse(zoneAt ?? 0, "the name of a time zone");
  return text;
}

function seconds(call: HelperCall): number {
  return Math.trunc(call.integer(0, { min: -1_000_000_000_000, max: 1_000_000_000_000 }));
}

function durationText(total: number): string {
  const size = Math.abs(total);
  const [hours, minutes] = [Math.floor(size / 3600), Math.floor(size / 60) % 60];
  const parts = [hours > 0 ? `${hours}h` : "", size >= 60 ? `${minutes}m` : "", `${size % 60}s`];
  return `${total < 0 ? "-" : ""}${parts.join("")}`;
}

function durationOf(call: HelperCall, at: number): number {
  const text = call.text(at);
  if (!/^[+-]?(?:[0-9]{1,12}(?:\.[0-9]{1,9})?(?:ms|h|m|s))+$/.test(text))
    throw call.misuse(at, "a duration such as 1h30m");
  const sizes: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  const parts = [...text.matchAll(/([0-9.]+)(ms|h|m|s)/g)];
  const total = parts.reduce((sum, [, number, unit = "s"]) => sum + Number(number) * (sizes[unit] ?? 0), 0);
  return text.startsWith("-") ? -total : total;
}
