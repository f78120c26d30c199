import { parseDuration } from "../../shared/duration.ts";
import type { Parsed } from "./grammar.ts";

/** Grammars of what containers ask for. Each gives text or numbers that can stand in a configuration as they are. */

/** One of some words, in any case. */
export function oneOf<const W extends string>(...words: readonly W[]): (raw: string) => Parsed<W> {
  return (raw) => {
    const found = words.find((word) => word === raw.toLowerCase());
    return found === undefined ? refused(`not one of ${words.join(", ")}`) : ok(found);
  };
}

const TRUE = ["1", "t", "true", "yes", "on"];
const FALSE = ["0", "f", "false", "no", "off"];

/** true or false as people write it, in any case. */
export function truth(raw: string): Parsed<boolean> {
  const word = raw.toLowerCase();
  if (TRUE.includes(word)) return ok(true);
  return FALSE.includes(word) ? ok(false) : refused("neither true nor false");
}

/** A whole number between two bounds, both included. */
export function whole(min: number, max: number): (raw: string) => Parsed<number> {
  return (raw) => {
    const number = /^(?:0|[1-9][0-9]{0,8})$/.test(raw) ? Number(raw) : Number.NaN;
    return number >= min && number <= max ? ok(number) : refused(`not a whole number from ${min} to ${max}`);
  };
}

/** Seconds of a duration such as 30s, 5m, 1h; whole seconds, at most an hour per `maxHours`. */
export function seconds(maxHours: number): (raw: string) => Parsed<number> {
  return (raw) => {
    const ms = parseDuration(raw) ?? parseDuration(`${raw}s`);
    const isGood = ms !== undefined && ms >= 1_000 && ms % 1_000 === 0 && ms <= maxHours * 3_600_000;
    return isGood ? ok(ms / 1_000) : refused(`not a duration from 1s to ${maxHours}h, such as 90s or 5m`);
  };
}

const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 };

/** Bytes of a size such as 512k, 20m, 1g. */
export function bytes(max: number): (raw: string) => Parsed<number> {
  return (raw) => {
    const [, digits = "", unit = ""] = /^([1-9][0-9]{0,12})([kmg]?)$/.exec(raw.toLowerCase()) ?? [];
    const size = Number(digits) * (SIZE_UNITS[unit] ?? Number.NaN);
    if (digits === "") return refused("not a size such as 512k, 20m or 1g");
    return size <= max ? ok(size) : refused(`more than ${max} bytes`);
  };
}

/** Name of a certificate's files, without their ending. */
export function fileStem(raw: string): Parsed<string> {
  const isStem = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/.test(raw);
  return isStem ? ok(raw) : refused("not the name of a file (letters, digits, dots and dashes)");
}

/** An absolute path of letters, digits, dots, dashes and slashes that leads nowhere up. */
export function plainPath(raw: string): Parsed<string> {
  const isPlain = /^\/[A-Za-z0-9._/-]{0,255}$/.test(raw) && !raw.split("/").includes("..");
  return isPlain ? ok(raw) : refused("not an absolute path of letters, digits, dots and dashes");
}

/** The value of Strict-Transport-Security (RFC 6797) in one spelling, or `off`. */
export function hsts(raw: string): Parsed<string> {
  if (raw.toLowerCase() === "off") return ok("off");
  const parts = raw.split(";").map((part) => part.trim().toLowerCase());
  const ages = parts.flatMap((part) => /^max-age="?([0-9]{1,9})"?$/.exec(part)?.[1] ?? []);
  const [subdomains, preload] = [parts.includes("includesubdomains"), parts.includes("preload")];
  const understood = ages.length + Number(subdomains) + Number(preload);
  if (ages.length !== 1 || understood !== parts.length) {
    return refused("not `off`, or max-age=SECONDS with maybe includeSubDomains and preload");
  }
  const age = Number(ages[0]);
  if (preload && (!subdomains || age < 31_536_000)) {
    return refused("preload needs includeSubDomains and max-age of at least 31536000");
  }
  return ok(
    [`max-age=${age}`, ...(subdomains ? ["includeSubDomains"] : []), ...(preload ? ["preload"] : [])].join("; "),
  );
}

/** How requests are spread over replicas. */
export type Balance = "round-robin" | "least-conn" | "ip-hash" | "hash-address" | "hash-uri" | "random";

/** Words of ours, and the directives that nginx-proxy's users write. */
const BALANCES: Readonly<Record<string, Balance>> = {
  "round-robin": "round-robin",
  "least-conn": "least-conn",
  least_conn: "least-conn",
  "ip-hash": "ip-hash",
  ip_hash: "ip-hash",
  "hash-address": "hash-address",
  "hash $remote_addr": "hash-address",
  "hash $remote_addr consistent": "hash-address",
  "hash $binary_remote_addr": "hash-address",
  "hash $binary_remote_addr consistent": "hash-address",
  "hash-uri": "hash-uri",
  "hash $request_uri": "hash-uri",
  "hash $request_uri consistent": "hash-uri",
  random: "random",
  "random two": "random",
  "random two least_conn": "random",
};

export function balance(raw: string): Parsed<Balance> {
  const word = raw.replace(/;$/, "").trim().replaceAll(/\s+/g, " ");
  const found = Object.hasOwn(BALANCES, word) ? BALANCES[word] : undefined;
  return found ? ok(found) : refused("not round-robin, least-conn, ip-hash, hash-address, hash-uri or random");
}

/** Idle connections kept to the replicas: a number, or as many as suit them. */
export function keepalive(raw: string): Parsed<number | "auto"> {
  if (raw.toLowerCase() === "auto") return ok("auto");
  if (raw.toLowerCase() === "disabled") return ok(0);
  const number = whole(0, 1_000)(raw);
  return number.kind === "ok" ? number : refused("not auto, disabled, or a number up to 1000");
}

export function ok<T>(value: T): Parsed<T> {
  return { kind: "ok", value };
}

export function refused<T>(why: string): Parsed<T> {
  return { kind: "refused", why };
}
