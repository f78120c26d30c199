import { readFileSync } from "node:fs";

/** Capabilities with which the agent may start as root: CAP_SETGID and CAP_SETUID. */
const OF_START = 0b1100_0000n;

/**
 * Returns what does not confine this process although `compose.yml` sets it, such as in a Swarm stack, which cannot. What the
 * kernel does not report is not missing.
 */
export function missingConfinement(read: (file: string) => string = readOwn): string[] {
  const status = read("status").split("\n");
  const [, bounding = "0"] = status.find((line) => line.startsWith("CapBnd:"))?.split("\t") ?? [];
  const isWide = (BigInt(`0x${bounding}`) & ~OF_START) !== 0n;
  const addresses = read("net/if_inet6").split("\n");
  const isOnline =
    read("net/route").trim().includes("\n") || addresses.some((line) => line !== "" && !/\slo$/.test(line));
  return [
    ...(status.includes("NoNewPrivs:\t0") ? ["no-new-privileges"] : []),
    ...(status.includes("Seccomp:\t0") ? ["a seccomp profile"] : []),
    ...(isWide ? ["the removal of capabilities (`cap_drop`)"] : []),
    ...(isOnline ? ["`network_mode: none`: the agent has a network"] : []),
  ];
}

function readOwn(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, "utf8");
  } catch {
    return "";
  }
}
