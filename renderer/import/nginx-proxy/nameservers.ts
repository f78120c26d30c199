import { parseAddress } from "../../routes/grammar.ts";

/** Returns the name servers of a resolv.conf. Skips those with a zone (`fe80::1%eth0`), which nginx rejects. */
export function nameservers(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const address = /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? "";
    return parseAddress(address).kind === "ok" ? [address] : [];
  });
}
