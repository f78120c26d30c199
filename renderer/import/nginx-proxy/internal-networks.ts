import { isNetwork } from "../../config/values.ts";
import { type Note, quoted, skipped } from "../note.ts";

/** Clients that nginx-proxy's `network_internal.conf` allows. */
export interface InternalNetworks {
  /** Undefined if the file allows none. The default applies then. */
  readonly networks?: readonly string[];
  readonly notes: readonly Note[];
}

/** Parses the file of `allow` and `deny all` directives that nginx-proxy includes for NETWORK_ACCESS=internal. */
export function parseInternalNetworks(text: string): InternalNetworks {
  const directives = text
    .replaceAll(/#.*$/gm, "")
    .split(";")
    .map((one) => one.trim().replaceAll(/\s+/g, " "))
    .filter((one) => one !== "");
  const networks = directives.flatMap((one) => allowed(one) ?? []);
  const notes = directives
    .filter((one) => one !== "deny all" && allowed(one) === undefined)
    .map((one) =>
      skipped(`network_internal.conf: ${quoted(one)}: only \`allow NETWORK\` and \`deny all\` are supported`),
    );
  return networks.length === 0 ? { notes } : { networks, notes };
}

function allowed(directive: string): string | undefined {
  const network = directive.startsWith("allow ") ? directive.slice("allow ".length) : "";
  return isNetwork(network) ? network : undefined;
}
