import { isIP } from "node:net";
import { endianness } from "node:os";
import { readOrEmpty } from "../disk/read-or-empty.ts";

/** The kernel's route flags RTF_UP, RTF_GATEWAY and RTF_REJECT. */
const [UP, GATEWAY, REJECT] = [0x1, 0x2, 0x2_00];

/**
 * Returns the default gateway of this network namespace: in a container, the Docker host's address on one of the
 * container's networks. Prefers IPv4 unless `preferIpv6`.
 */
export function defaultGateway(
  preferIpv6 = false,
  { ipv4 = readOrEmpty("/proc/net/route"), ipv6 = readOrEmpty("/proc/net/ipv6_route") } = {},
): string | undefined {
  return preferIpv6 ? (ipv6Gateway(ipv6) ?? ipv4Gateway(ipv4)) : (ipv4Gateway(ipv4) ?? ipv6Gateway(ipv6));
}

interface Gateway {
  readonly address: string;
  readonly metric: number;
}

/** Parses /proc/net/route, whose addresses are in the byte order of the machine. */
export function ipv4Gateway(text: string, order: "BE" | "LE" = endianness()): string | undefined {
  const gateways = rowsOf(text).flatMap(([, to = "", by = "", flags = "", , , metric = "", mask = ""]): Gateway[] => {
    const isDefault = /^0{8}$/.test(to) && /^0{8}$/.test(mask) && isUsable(flags) && /^[0-9a-f]{8}$/i.test(by);
    const bytes = [...Buffer.from(by, "hex")];
    const address = (order === "LE" ? bytes.toReversed() : bytes).join(".");
    return isDefault ? [{ address, metric: Number(metric) }] : [];
  });
  return best(gateways);
}

/** Parses /proc/net/ipv6_route. Skips link-local gateways, which are useless without their interface. */
export function ipv6Gateway(text: string): string | undefined {
  const gateways = rowsOf(text).flatMap(([to = "", length, , , by = "", metric = "", , , flags = ""]): Gateway[] => {
    const isDefault = /^0{32}$/.test(to) && length === "00" && isUsable(flags) && /^[0-9a-f]{32}$/i.test(by);
    if (!isDefault || /^fe[89ab]/i.test(by)) return [];
    // URL prints an address in its shortest form.
    const address = new URL(`http://[${by.replaceAll(/.{4}(?=.)/g, "$&:")}]`).hostname.slice(1, -1);
    return [{ address, metric: Number.parseInt(metric, 16) }];
  });
  return best(gateways);
}

function rowsOf(text: string): string[][] {
  return text.split("\n").map((line) => line.trim().split(/\s+/));
}

function isUsable(flags: string): boolean {
  const bits = Number.parseInt(flags, 16);
  return (bits & (UP | GATEWAY)) === (UP | GATEWAY) && (bits & REJECT) === 0;
}

function best(gateways: readonly Gateway[]): string | undefined {
  const [first] = gateways.toSorted((a, b) => a.metric - b.metric);
  return first && isIP(first.address) !== 0 ? first.address : undefined;
}
