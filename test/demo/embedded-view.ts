import { eventually } from "../eventually.ts";
import { whoAnswered } from "./demo-apps.ts";
import type { EmbeddedStack } from "./embedded-stack.ts";
import { quote, say } from "./narration.ts";
import { type Answer, containerOf, visit } from "./visit.ts";

/** How long a change may take until it is seen, in milliseconds: the first start compiles sources. */
const SEEN_MS = 60_000;

/** Requests for each replica: more than it takes to meet every one in turn. */
const ASKED_PER_REPLICA = 4;

/** Who answers when no container does. */
const NGINX = "nginx";

/**
 * Waits until exactly these containers have the host's requests, and prints who answers. Without nginx
 * it looks into the generated configuration and prints the lines concerned.
 */
export async function showRouted(stack: EmbeddedStack, host: string, names: readonly string[]): Promise<void> {
  const { nginx } = stack;
  const expected = names.toSorted().join(", ") || "nobody";
  const look = async (): Promise<string | Error | undefined> => {
    const failure = stack.failure();
    if (failure) return failure;
    const { found, shown } = nginx ? await answering(stack, nginx.port, host) : configured(stack, host);
    return (found.toSorted().join(", ") || "nobody") === expected ? shown : undefined;
  };
  const seen = await eventually(`${host} is routed to ${expected}`, look, SEEN_MS);
  if (seen instanceof Error) throw seen;
  say(`${host} is routed to ${expected}:`);
  quote(seen);
}

/** Who has a host's requests, and how one sees it. */
interface View {
  readonly found: readonly string[];
  readonly shown: string;
}

/** Who answers for the host through nginx, and how often. */
async function answering(stack: EmbeddedStack, port: number, host: string): Promise<View> {
  const replicas = replicasOf(stack, host);
  const counts = new Map<string, number>();
  let last = await visit(port, host);
  for (let asked = 0; asked < ASKED_PER_REPLICA * replicas.length; asked += 1) {
    const who = replicas.find(({ id }) => id.slice(0, 12) === containerOf(last))?.name ?? NGINX;
    counts.set(who, (counts.get(who) ?? 0) + 1);
    last = await visit(port, host);
  }
  if (counts.size === 0) counts.set(last.status === 200 ? "somebody unknown" : NGINX, 1);
  // While it reloads, nginx answers by the old configuration and the new.
  if (Math.max(...counts.values()) - Math.min(...counts.values()) > 1) return { found: ["both"], shown: "" };
  const tally = [...counts].map(([who, count]) => `${who}: ${count} answers`).join("\n");
  const shown = counts.size === 1 ? firstLines(last) : tally;
  return { found: [...counts.keys()].filter((who) => who !== NGINX), shown };
}

/** Whose address stands in the generated configuration, and where. */
function configured(stack: EmbeddedStack, host: string): View {
  const lines = stack.generated().split("\n");
  const served = replicasOf(stack, host).flatMap(({ name, address }) => {
    const line = lines.find((text) => address !== "" && text.includes(`server ${address}:`));
    return line === undefined ? [] : [{ name, line: line.trim() }];
  });
  const shown = served.map(({ line }) => line).join("\n") || `(no server line; ${lines.length} lines in all)`;
  return { found: served.map(({ name }) => name), shown };
}

/** Every container that was started for the host, in any state. */
function replicasOf({ engine }: EmbeddedStack, host: string): { id: string; name: string; address: string }[] {
  return engine.containers
    .filter(({ options: { env } }) => env !== undefined && "VIRTUAL_HOST" in env && env["VIRTUAL_HOST"] === host)
    .map(({ id, name, attachments }) => {
      const [attachment] = attachments.values();
      return { id, name, address: attachment?.endpoint?.address ?? "" };
    });
}

function firstLines({ status, body }: Answer): string {
  return status === 200 ? whoAnswered(body) : `HTTP ${status}, from nginx itself`;
}
