import { isNetwork } from "../../routes/option-values.ts";
import { type Note, quoted, skipped } from "../note.ts";

/** The contents of `network_internal.conf`, or why they are unknown. */
export type InternalNetworksFile = { readonly text: string } | { readonly problem: string };

/** Clients that nginx-proxy's `network_internal.conf` allows. */
export interface InternalNetworks {
  /** Empty if the file cannot be applied: no client is internal then. */
  readonly networks: readonly string[];
  readonly notes: readonly Note[];
}

/**
 * Parses the file of `allow` and `deny all` directives that nginx-proxy includes for NETWORK_ACCESS=internal. Any other
 * directive might restrict access, so nothing is allowed because of it.
 */
export function parseInternalNetworks(file: InternalNetworksFile): InternalNetworks {
  if ("problem" in file) return { networks: [], notes: [closed(file.problem)] };
  const directives = file.text
    .replaceAll(/#.*$/gm, "")
    .split(";")
    .map((one) => one.trim().replaceAll(/\s+/g, " "));
  const last = directives.pop() ?? "";
  if (last !== "") return { networks: [], notes: [closed(`${quoted(last)} has no semicolon`)] };
  // As in nginx, the first directive that concerns a client decides.
  const denied = directives.indexOf("deny all");
  const applied = denied < 0 ? directives : directives.slice(0, denied);
  const networks = applied.flatMap((one) => allowed(one) ?? []);
  const notes = applied
    .filter((one) => allowed(one) === undefined)
    .map((one) => closed(`${quoted(one)}: only \`allow NETWORK\` and \`deny all\` are supported`));
  if (notes.length > 0) return { networks: [], notes };
  return { networks, notes: networks.length === 0 ? [closed("it allows no network")] : [] };
}

function closed(problem: string): Note {
  return skipped(
    `network_internal.conf: ${problem}; hosts with NETWORK_ACCESS=internal are closed until it is corrected`,
  );
}

function allowed(directive: string): string | undefined {
  const network = directive.startsWith("allow ") ? directive.slice("allow ".length) : "";
  return isNetwork(network) ? network : undefined;
}
