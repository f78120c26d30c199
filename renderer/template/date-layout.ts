const MONTHS = "January February March April May June July August September October November December".split(" ");
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** Moments that can be printed, in milliseconds: the years 1 to 9999, in any zone. */
export const EARLIEST = Date.parse("0001-01-02T00:00:00Z");
export const LATEST = Date.parse("9999-12-30T00:00:00Z");

/** The elements of a layout, longer ones first where one begins like another. */
const ELEMENT =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|Z07:00|Z0700|-07:00|-0700|-07|[.,](?:0+|9+)(?![0-9])|002|0[1-6]|15|_2|PM|pm|[1-5]/g;

/** A moment as a Go layout says: that of Go's reference time, Mon Jan 2 15:04:05 MST 2006. Undefined for an unknown zone. */
export function printMoment(layout: string, epochMs: number, zone: string): string | undefined {
  const offsetMinutes = offsetOf(epochMs, zone);
  if (offsetMinutes === undefined) return undefined;
  const local = new Date(epochMs + offsetMinutes * 60_000);
  return layout.replace(ELEMENT, (element) => elementOf(element, local, offsetMinutes));
}

function elementOf(element: string, at: Date, offset: number): string {
  if (/^[.,]/.test(element)) return fraction(element, at.getUTCMilliseconds());
  if (/^[-Z]0/.test(element)) return offsetText(element, offset);
  return ELEMENTS[element]?.(at) ?? (offset === 0 ? "UTC" : offsetText("-0700", offset));
}

const ELEMENTS: Readonly<Record<string, (at: Date) => string>> = {
  January: (at) => MONTHS[at.getUTCMonth()]!,
  Jan: (at) => MONTHS[at.getUTCMonth()]!.slice(0, 3),
  "01": (at) => digits(at.getUTCMonth() + 1, 2),
  "1": (at) => `${at.getUTCMonth() + 1}`,
  Monday: (at) => DAYS[at.getUTCDay()]!,
  Mon: (at) => DAYS[at.getUTCDay()]!.slice(0, 3),
  "02": (at) => digits(at.getUTCDate(), 2),
  _2: (at) => `${at.getUTCDate()}`.padStart(2),
  "2": (at) => `${at.getUTCDate()}`,
  "002": (at) => digits(dayOfYear(at), 3),
  "15": (at) => digits(at.getUTCHours(), 2),
  "03": (at) => digits(at.getUTCHours() % 12 || 12, 2),
  "3": (at) => `${at.getUTCHours() % 12 || 12}`,
  PM: (at) => (at.getUTCHours() < 12 ? "AM" : "PM"),
  pm: (at) => (at.getUTCHours() < 12 ? "am" : "pm"),
  "04": (at) => digits(at.getUTCMinutes(), 2),
  "4": (at) => `${at.getUTCMinutes()}`,
  "05": (at) => digits(at.getUTCSeconds(), 2),
  "5": (at) => `${at.getUTCSeconds()}`,
  "2006": (at) => digits(at.getUTCFullYear(), 4),
  "06": (at) => digits(at.getUTCFullYear() % 100, 2),
};

function digits(value: number, width: number): string {
  return `${value}`.padStart(width, "0");
}

function dayOfYear(at: Date): number {
  const first = new Date(at);
  first.setUTCMonth(0, 0);
  return Math.floor((at.getTime() - first.getTime()) / 86_400_000);
}

/** `.000` prints so many digits, `.999` without zeros at the end, and nothing when none is left. */
function fraction(element: string, milliseconds: number): string {
  const shown = digits(milliseconds, 3)
    .padEnd(element.length - 1, "0")
    .slice(0, element.length - 1);
  const text = element[1] === "9" ? shown.replace(/0+$/, "") : shown;
  return text === "" ? "" : `${element[0]}${text}`;
}

function offsetText(element: string, offset: number): string {
  if (element.startsWith("Z") && offset === 0) return "Z";
  const minutes = Math.floor(Math.abs(offset));
  const hours = `${offset < 0 ? "-" : "+"}${digits(Math.floor(minutes / 60), 2)}`;
  if (element === "-07") return hours;
  return `${hours}${element.includes(":") ? ":" : ""}${digits(minutes % 60, 2)}`;
}

/** Minutes that clocks of the zone are ahead at that moment, perhaps with a fraction; undefined for an unknown zone. */
function offsetOf(epochMs: number, zone: string): number | undefined {
  if (zone === "" || zone === "UTC") return 0;
  const clock = clockOf(zone);
  if (clock === undefined) return undefined;
  const parts = new Map(clock.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = FIELDS.map((field) => parts.get(field));
  const there = new Date(0);
  there.setUTCFullYear(year, month - 1, day);
  there.setUTCHours(hour, minute, second);
  return (there.getTime() - Math.floor(epochMs / 1000) * 1000) / 60_000;
}

const FIELDS = ["year", "month", "day", "hour", "minute", "second"] as const;

/** Clocks made, for making one is slow; and how many are kept. */
const clocks = new Map<string, Intl.DateTimeFormat>();
const MAX_CLOCKS = 32;

function clockOf(zone: string): Intl.DateTimeFormat | undefined {
  const known = clocks.get(zone);
  if (known) return known;
  try {
    const shown = Object.fromEntries(FIELDS.map((field) => [field, "numeric"]));
    const clock = new Intl.DateTimeFormat("en-US", { ...shown, timeZone: zone, hourCycle: "h23", calendar: "gregory" });
    if (clocks.size >= MAX_CLOCKS) clocks.clear();
    clocks.set(zone, clock);
    return clock;
  } catch {
    return undefined;
  }
}
