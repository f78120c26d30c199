import { readFileSync } from "node:fs";
import { endianness } from "node:os";
import { type IpAddress, parseAddress } from "../routes/grammar.ts";

/** Of the kernel's flags of a route: it is in use, it leads to a gateway, it leads nowhere on purpose. */
const [UP, GATEWAY, REJECT] = [0x1, 0x2, 0x2_00];

/**
 * Where this network namespace sends what it knows no other way for: in a container that is the Docker host, as the first of
 * the container's networks sees it. IPv4 if there is such a gateway, unless the other is preferred.
 */
export function defaultGateway(
  preferIpv6 = false,
  { ipv4 = readOrNothing("/proc/net/route"), ipv6 = readOrNothing("/proc/net/ipv6_route") } = {},
): IpAddress | undefined {
  const [usual, other] = [ipv4Gateway(ipv4), ipv6Gateway(ipv6)];
  return preferIpv6 ? (other ?? usual) : (usual ?? other);
}

interface Way {
  readonly address: string;
  readonly metric: number;
}

/** Pure: of the text of /proc/net/route, whose addresses are numbers of the machine's byte order. */
export function ipv4Gateway(text: string, order: "BE" | "LE" = endianness()): IpAddress | undefined {
  const ways = rowsOf(text).flatMap(([, to = "", by = "", flags = "", , , metric = "", mask = ""]): Way[] => {
    const isDefault = /^0{8}$/.test(to) && /^0{8}$/.test(mask) && isUsable(flags) && /^[0-9a-f]{8}$/i.test(by);
    const bytes = [...Buffer.from(by, "hex")];
    const address = (order === "LE" ? bytes.toReversed() : bytes).join(".");
    return isDefault ? [{ address, metric: Number(metric) }] : [];
  });
  return best(ways);
}

/** Pure: of the text of /proc/net/ipv6_route. A link-local gateway is nothing to connect to without its interface. */
export function ipv6Gateway(text: string): IpAddress | undefined {
  const ways = rowsOf(text).flatMap(([to = "", length, , , by = "", metric = "", , , flags = ""]): Way[] => {
    const isDefault = /^0{32}$/.test(to) && length === "00" && isUsable(flags) && /^[0-9a-f]{32}$/i.test(by);
    if (!isDefault || /^fe[89ab]/i.test(by)) return [];
    // A URL has addresses in their shortest form.
    const address = new URL(`http://[${by.replaceAll(/.{4}(?=.)/g, "$&:")}]`).hostname.slice(1, -1);
    return [{ address, metric: Number.parseInt(metric, 16) }];
  });
  return best(ways);
}

function rowsOf(text: string): string[][] {
  return text.split("\n").map((line) => line.trim().split(/\s+/));
}

function isUsable(flags: string): boolean {
  const bits = Number.parseInt(flags, 16);
  return (bits & (UP | GATEWAY)) === (UP | GATEWAY) && (bits & REJECT) === 0;
}

function best(ways: readonly Way[]): IpAddress | undefined {
  const [first] = ways.toSorted((a, b) => a.metric - b.metric);
  const parsed = first && parseAddress(first.address);
  return parsed?.kind === "ok" ? parsed.value : undefined;
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
