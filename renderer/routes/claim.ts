import type { Known } from "../inventory/known.ts";
import { diagnostic, type Diagnostic } from "./diagnostic.ts";
import { type HttpsWish, readHttpsWish } from "./https-wish.ts";
import { parseHost, parsePort, type HostName, type PortNumber } from "./grammar.ts";

/** Names one container may claim: more than anybody needs, few enough to be harmless. */
const MAX_HOSTS = 20;

/** What a container asks for. */
export interface Claim {
  /** At least one, each once, in the container's order. */
  readonly hosts: readonly HostName[];
  readonly port?: PortNumber;
  readonly https: HttpsWish;
  readonly remarks: readonly Diagnostic[];
}

export type ReadClaim =
  | { readonly kind: "claim"; readonly claim: Claim }
  | { readonly kind: "unrouted"; readonly diagnostic: Diagnostic }
  | { readonly kind: "quarantined"; readonly diagnostic: Diagnostic };

/** Reads VIRTUAL_HOST and VIRTUAL_PORT. A bad entry costs itself; no good entry left costs the container. */
export function readClaim(known: Known): ReadClaim {
  const { container } = known;
  const refusal = container.refused.find(({ from, name }) => from === "env" && name.startsWith("VIRTUAL_"));
  if (refusal)
    return quarantined(diagnostic(known, "value.refused", `${refusal.name} was withheld: ${refusal.reason}`));
  if (container.unread) {
    return quarantined(diagnostic(known, "never.read", "could not be inspected yet, so its environment is unknown"));
  }
  const wanted = container.env["VIRTUAL_HOST"];
  if (wanted === undefined || wanted.trim() === "") {
    return { kind: "unrouted", diagnostic: diagnostic(known, "host.none", "has no VIRTUAL_HOST") };
  }
  const { hosts, remarks } = readHosts(known, wanted);
  if (hosts.length === 0) return quarantined(remarks[0] ?? diagnostic(known, "host.refused", "names no host", wanted));
  const https = readHttpsWish(known);
  return readPort(known, { hosts, https: https.wish, remarks: [...remarks, ...https.remarks] });
}

function readHosts(known: Known, wanted: string): Pick<Claim, "hosts" | "remarks"> {
  const hosts = new Set<HostName>();
  const remarks: Diagnostic[] = [];
  for (const entry of wanted.split(",").filter((part) => part.trim() !== "")) {
    const parsed = parseHost(entry);
    if (parsed.kind === "ok") hosts.add(parsed.value);
    else remarks.push(diagnostic(known, "host.refused", `VIRTUAL_HOST: ${parsed.why}`, entry.trim()));
  }
  if (hosts.size > MAX_HOSTS) {
    const detail = `VIRTUAL_HOST: names ${hosts.size} hosts, the first ${MAX_HOSTS} are used`;
    remarks.push(diagnostic(known, "host.too-many", detail));
  }
  return { hosts: [...hosts].slice(0, MAX_HOSTS), remarks };
}

function readPort(known: Known, claim: Claim): ReadClaim {
  const wanted = known.container.env["VIRTUAL_PORT"];
  if (wanted === undefined || wanted.trim() === "") return { kind: "claim", claim };
  const port = parsePort(wanted);
  return port.kind === "ok"
    ? { kind: "claim", claim: { ...claim, port: port.value } }
    : quarantined(diagnostic(known, "port.refused", `VIRTUAL_PORT: ${port.why}`, wanted));
}

function quarantined(found: Diagnostic): ReadClaim {
  return { kind: "quarantined", diagnostic: found };
}
