import { parseAddress } from "../../routes/grammar.ts";

/** Pure: the name servers of a resolv.conf. One with a zone (`fe80::1%eth0`) cannot stand in nginx's configuration. */
export function nameservers(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const address = /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? "";
    return parseAddress(address).kind === "ok" ? [address] : [];
  });
}
