import { eventually } from "../eventually.ts";
import { responseHead } from "./demo-apps.ts";
import type { EmbeddedStack } from "./embedded-stack.ts";
import { quote, say } from "./narration.ts";
import { type Answer, containerOf, visit } from "./visit.ts";

/** Milliseconds until a change must be visible: the first start compiles the sources. */
const VISIBLE_MS = 60_000;

/** Requests per replica: more than round robin needs to reach each one. */
const REQUESTS_PER_REPLICA = 4;

/** The name for responses of nginx itself. */
const NGINX = "nginx";

/**
 * Waits until exactly these containers receive the host's requests, and prints which container answers. Without nginx
 * it reads the generated configuration and prints the lines with these containers.
 */
export async function showRouted(stack: EmbeddedStack, host: string, names: readonly string[]): Promise<void> {
  const { nginx } = stack;
  const expected = names.toSorted().join(", ") || "no container";
  const look = async (): Promise<string | Error | undefined> => {
    const failure = stack.failure();
    if (failure) return failure;
    const { found, shown } = nginx ? await answering(stack, nginx.port, host) : configured(stack, host);
    return (found.toSorted().join(", ") || "no container") === expected ? shown : undefined;
  };
  const seen = await eventually(`${host} is routed to ${expected}`, look, VISIBLE_MS);
  if (seen instanceof Error) throw seen;
  say(`${host} is routed to ${expected}:`);
  quote(seen);
}

/** The containers that receive a host's requests, and the text that shows it. */
interface View {
  readonly found: readonly string[];
  readonly shown: string;
}

/** Sends requests through nginx and counts the responses of each container. */
async function answering(stack: EmbeddedStack, port: number, host: string): Promise<View> {
  const replicas = replicasOf(stack, host);
  const counts = new Map<string, number>();
  let last = await visit(port, host);
  for (let sent = 0; sent < REQUESTS_PER_REPLICA * replicas.length; sent += 1) {
    const name = replicas.find(({ id }) => id.slice(0, 12) === containerOf(last))?.name ?? NGINX;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    last = await visit(port, host);
  }
  if (counts.size === 0) counts.set(last.status === 200 ? "an unknown container" : NGINX, 1);
  // During a reload, workers with the old and with the new configuration answer.
  if (Math.max(...counts.values()) - Math.min(...counts.values()) > 1) return { found: ["both"], shown: "" };
  const tally = [...counts].map(([name, count]) => `${name}: ${count} responses`).join("\n");
  const shown = counts.size === 1 ? firstLines(last) : tally;
  return { found: [...counts.keys()].filter((name) => name !== NGINX), shown };
}

/** Finds the lines of the generated configuration with the addresses of the host's containers. */
function configured(stack: EmbeddedStack, host: string): View {
  const lines = stack.generated().split("\n");
  const served = replicasOf(stack, host).flatMap(({ name, address }) => {
    const line = lines.find((text) => address !== "" && text.includes(`server ${address}:`));
    return line === undefined ? [] : [{ name, line: line.trim() }];
  });
  const shown = served.map(({ line }) => line).join("\n") || `(no server line; ${lines.length} lines in all)`;
  return { found: served.map(({ name }) => name), shown };
}

/** All containers with this VIRTUAL_HOST, in any state. */
function replicasOf({ engine }: EmbeddedStack, host: string): { id: string; name: string; address: string }[] {
  return engine.containers
    .filter(({ options: { env } }) => env !== undefined && "VIRTUAL_HOST" in env && env["VIRTUAL_HOST"] === host)
    .map(({ id, name, attachments }) => {
      const [attachment] = attachments.values();
      return { id, name, address: attachment?.endpoint?.address ?? "" };
    });
}

function firstLines({ status, body }: Answer): string {
  return status === 200 ? responseHead(body) : `HTTP ${status}, from nginx itself`;
}
