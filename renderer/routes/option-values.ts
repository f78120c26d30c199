import { BlockList, isIPv4, isIPv6 } from "node:net";
import { parseDuration } from "../../shared/duration.ts";
import { type HostName, invalid, ok, type Parsed, parseHosts } from "./grammar.ts";

/** Accepts one of the keywords, in any case. */
export function oneOf<const W extends string>(...keywords: readonly W[]): (raw: string) => Parsed<W> {
  return (raw) => {
    const found = keywords.find((keyword) => keyword === raw.toLowerCase());
    return found === undefined ? invalid(`not one of ${keywords.join(", ")}`) : ok(found);
  };
}

const TRUE = ["1", "t", "true", "yes", "on"];
const FALSE = ["0", "f", "false", "no", "off"];

/** Accepts the default spellings of true and false, in any case. */
export function parseBoolean(raw: string): Parsed<boolean> {
  const lower = raw.toLowerCase();
  if (TRUE.includes(lower)) return ok(true);
  return FALSE.includes(lower) ? ok(false) : invalid("not true or false");
}

/** Accepts an integer between two bounds, both included. */
export function integer(min: number, max: number): (raw: string) => Parsed<number> {
  return (raw) => {
    const number = /^(?:0|[1-9][0-9]{0,8})$/.test(raw) ? Number(raw) : Number.NaN;
    return number >= min && number <= max ? ok(number) : invalid(`not an integer from ${min} to ${max}`);
  };
}

/** Accepts a duration such as 30s, 5m, 1h, or a number of seconds. Returns whole seconds. */
export function seconds(maxHours: number): (raw: string) => Parsed<number> {
  return (raw) => {
    const ms = parseDuration(raw) ?? parseDuration(`${raw}s`);
    const isGood = ms !== undefined && ms >= 1_000 && ms % 1_000 === 0 && ms <= maxHours * 3_600_000;
    return isGood ? ok(ms / 1_000) : invalid(`not a duration from 1s to ${maxHours}h, such as 90s or 5m`);
  };
}

/** Networks in one list. */
const MAX_NETWORKS = 100;

const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, k: 1_024, m: 1_048_576, g: 1_073_741_824 };

/** Accepts a size such as 512k, 20m, 1g. Returns bytes. */
export function bytes(max: number): (raw: string) => Parsed<number> {
  return (raw) => {
    const [, digits = "", unit = ""] = /^([1-9][0-9]{0,12})([kmg]?)$/.exec(raw.toLowerCase()) ?? [];
    const size = Number(digits) * (SIZE_UNITS[unit] ?? Number.NaN);
    if (digits === "") return invalid("not a size such as 512k, 20m or 1g");
    return size <= max ? ok(size) : invalid(`more than ${max} bytes`);
  };
}

/** Accepts addresses and networks (CIDR), separated by commas or blanks. */
export function networks(raw: string): Parsed<readonly string[]> {
  const list = raw.split(/[\s,]+/).filter((one) => one !== "");
  const wrong = list.find((one) => !isNetwork(one));
  if (wrong !== undefined || list.length === 0 || list.length > MAX_NETWORKS) {
    return invalid(`not addresses or networks such as 10.0.0.0/8, separated by commas, ${MAX_NETWORKS} at most`);
  }
  return ok(list);
}

/** Returns the networks whose clients are in both lists, or undefined if no client is. */
export function networksInBoth(one: readonly string[], other: readonly string[]): readonly string[] | undefined {
  const both = [...one.filter((inner) => isWithin(inner, other)), ...other.filter((inner) => isWithin(inner, one))];
  return both.length === 0 ? undefined : [...new Set(both)];
}

/** Whether one of these networks contains the whole network. */
function isWithin(inner: string, outer: readonly string[]): boolean {
  const [address, bits, family] = networkOf(inner);
  return outer.some((network) => {
    const [base, prefix, other] = networkOf(network);
    const list = new BlockList();
    list.addSubnet(base, prefix, other);
    return other === family && prefix <= bits && list.check(address, family);
  });
}

function networkOf(text: string): readonly [address: string, bits: number, family: "ipv4" | "ipv6"] {
  const [address = "", bits] = text.split("/");
  const family = isIPv4(address) ? "ipv4" : "ipv6";
  return [address, Number(bits ?? (family === "ipv4" ? 32 : 128)), family];
}

/** Whether nginx accepts the text after `allow`. */
export function isNetwork(text: string): boolean {
  const [, address = "", bits] = /^([0-9A-Fa-f.:]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  const maxBits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  return maxBits >= 0 && Number(bits ?? 0) <= maxBits;
}

/** Accepts a name that the operator's configuration defines. */
export function serviceName(raw: string): Parsed<string> {
  return SERVICE_NAME.test(raw)
    ? ok(raw)
    : invalid("not a name: a letter, then letters, digits and dashes, 32 at most");
}

export const SERVICE_NAME = /^[A-Za-z][A-Za-z0-9-]{0,31}$/;

/** Accepts origins of web pages, separated by commas or blanks, or `*`. */
export function origins(raw: string): Parsed<readonly string[]> {
  const list = raw.split(/[\s,]+/).filter((one) => one !== "");
  if (list.length === 1 && list[0] === "*") return ok(list);
  const isOrigin = (one: string): boolean =>
    /^https?:\/\/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[1-9][0-9]{0,4})?$/.test(one);
  if (list.length > 0 && list.length <= MAX_ORIGINS && list.every((one) => isOrigin(one))) return ok(list);
  return invalid(`not \`*\` or origins such as https://app.example.com, separated by commas, ${MAX_ORIGINS} at most`);
}

const MAX_ORIGINS = 50;

/** Accepts requests per second or minute, such as 10/s. Returns nginx's form, such as 10r/s. */
export function rate(raw: string): Parsed<string> {
  const [, count, unit] = /^([1-9][0-9]{0,5})\/(s|m)$/.exec(raw.toLowerCase()) ?? [];
  return count === undefined ? invalid("not a rate such as 10/s or 300/m") : ok(`${count}r/${unit}`);
}

/** Returns the lower one of two rates in nginx's form. */
export function slower(one: string, other: string): string {
  const perMinute = (text: string): number => Number.parseInt(text, 10) * (text.endsWith("r/s") ? 60 : 1);
  return perMinute(one) <= perMinute(other) ? one : other;
}

/** Accepts the base name of a certificate's files. */
export function fileStem(raw: string): Parsed<string> {
  const isStem = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/.test(raw);
  return isStem ? ok(raw) : invalid("not a file name (letters, digits, dots and dashes)");
}

/** Accepts an absolute path of letters, digits, dots, dashes and slashes without `..`. */
export function plainPath(raw: string): Parsed<string> {
  const isPlain = /^\/[A-Za-z0-9._/-]{0,255}$/.test(raw) && !raw.split("/").includes("..");
  return isPlain ? ok(raw) : invalid("not an absolute path of letters, digits, dots and dashes");
}

/** Accepts the value of Strict-Transport-Security (RFC 6797), normalized, or `off`. */
export function parseHsts(raw: string): Parsed<string> {
  if (raw.toLowerCase() === "off") return ok("off");
  const parts = raw.split(";").map((part) => part.trim().toLowerCase());
  const ages = parts.flatMap((part) => /^max-age="?([0-9]{1,9})"?$/.exec(part)?.[1] ?? []);
  const [subdomains, preload] = [parts.includes("includesubdomains"), parts.includes("preload")];
  const recognized = ages.length + Number(subdomains) + Number(preload);
  if (ages.length !== 1 || recognized !== parts.length) {
    return invalid("not `off`, or max-age=SECONDS with optional includeSubDomains and preload");
  }
  return ok(
    [`max-age=${Number(ages[0])}`, ...(subdomains ? ["includeSubDomains"] : []), ...(preload ? ["preload"] : [])].join(
      "; ",
    ),
  );
}

/** The protocol between nginx and an app. */
export type Protocol = "http" | "https" | "grpc" | "grpcs" | "fastcgi" | "uwsgi";

export const parseProtocol = oneOf("http", "https", "grpc", "grpcs", "fastcgi", "uwsgi");

/** How requests are distributed over replicas. */
export type Balance = "round-robin" | "least-conn" | "ip-hash" | "hash-address" | "hash-uri" | "random";

/** Sallyport's keywords, and the nginx directives that nginx-proxy takes. */
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
  const method = raw.replace(/;$/, "").trim().replaceAll(/\s+/g, " ");
  const found = Object.hasOwn(BALANCES, method) ? BALANCES[method] : undefined;
  return found ? ok(found) : invalid("not round-robin, least-conn, ip-hash, hash-address, hash-uri or random");
}

/** Accepts the number of idle connections kept open to the replicas; `auto` lets Sallyport choose it. */
export function keepalive(raw: string): Parsed<number | "auto"> {
  if (raw.toLowerCase() === "auto") return ok("auto");
  if (raw.toLowerCase() === "disabled") return ok(0);
  const number = integer(0, 1_000)(raw);
  return number.kind === "ok" ? number : invalid("not auto, disabled, or a number up to 1000");
}

/** One certificate for each virtual host, none, or one for these names together. */
export type AcmeRequest = "each" | "none" | readonly HostName[];

/** Most names of one certificate: the limit of Let's Encrypt. */
const MAX_NAMES = 100;

/** Accepts true, false, or the names of one certificate. */
export function parseAcme(raw: string): Parsed<AcmeRequest> {
  const boolean = parseBoolean(raw);
  if (boolean.kind === "ok") return ok(boolean.value ? "each" : "none");
  const names = parseHosts(raw);
  if (names.kind === "invalid") return names;
  if (names.value.length === 0) return invalid("not true, false, or host names");
  return names.value.length > MAX_NAMES ? invalid(`more than ${MAX_NAMES} names`) : names;
}

/** Accepts an address without quotes and comments. */
export function parseEmail(raw: string): Parsed<string> {
  const isAddress =
    /^[A-Za-z0-9][A-Za-z0-9._+-]{0,62}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(raw) && raw.length <= 254;
  return isAddress ? ok(raw) : invalid("not an e-mail address");
}

/** Accepts the URL of an ACME directory. */
export function parseAuthority(raw: string): Parsed<string> {
  const isUrl = /^https:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?\/[A-Za-z0-9._~/-]*$/.test(raw) && raw.length <= 150;
  return isUrl ? ok(raw) : invalid("not an https URL such as https://acme-v02.api.letsencrypt.org/directory");
}
