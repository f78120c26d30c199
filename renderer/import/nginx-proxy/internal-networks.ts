import { isNetwork } from "../../config/values.ts";
import { leftOut, type Note, quoted } from "../docker-gen/note.ts";

/** Whom `network_internal.conf` lets in. */
export interface InternalNetworks {
  /** Undefined when the file lets nobody in whom we can name: then the usual private networks count. */
  readonly networks?: readonly string[];
  readonly notes: readonly Note[];
}

/** Pure: the networks of a file of `allow` and `deny all` lines, as nginx-proxy includes it for NETWORK_ACCESS=internal. */
export function readInternalNetworks(text: string): InternalNetworks {
  const directives = text
    .replaceAll(/#.*$/gm, "")
    .split(";")
    .map((one) => one.trim().replaceAll(/\s+/g, " "))
    .filter((one) => one !== "");
  const networks = directives.flatMap((one) => allowed(one) ?? []);
  const others = directives.filter((one) => one !== "deny all" && allowed(one) === undefined);
  const notes = others.map((one) =>
    leftOut(`network_internal.conf: ${quoted(one)}: only \`allow NETWORK\` and \`deny all\` are taken over`),
  );
  return networks.length === 0 ? { notes } : { networks, notes };
}

function allowed(directive: string): string | undefined {
  const network = directive.startsWith("allow ") ? directive.slice("allow ".length) : "";
  return isNetwork(network) ? network : undefined;
}
