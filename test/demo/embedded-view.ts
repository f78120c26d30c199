import { type Answer, containerOf, request } from "../e2e/stack.ts";
import { eventually } from "../eventually.ts";
import { whoAnswered } from "./demo-apps.ts";
import type { EmbeddedStack } from "./embedded-stack.ts";
import { quote, say } from "./narration.ts";

/** How long a change may take until it is seen, in milliseconds: the first start compiles sources. */
const SEEN_MS = 60_000;

/** Requests for each replica: more than it takes to meet every one in turn. */
const ASKED_PER_REPLICA = 4;

/**
 * Waits until exactly these containers have the host's requests, and prints who answers. Without nginx
 * it looks into the generated configuration and prints the lines concerned.
 */
export async function showRouted(stack: EmbeddedStack, host: string, names: readonly string[]): Promise<void> {
  const { nginx } = stack;
  const expected = names.toSorted().join(", ");
  const look = async (): Promise<boolean | Error> => {
    const failure = stack.failure();
    if (failure) return failure;
    const found = nginx ? await answering(stack, nginx.port, host) : configured(stack, host);
    return found.toSorted().join(", ") === expected;
  };
  const seen = await eventually(`${host} is routed to ${expected || "nobody"}`, look, SEEN_MS);
  if (seen instanceof Error) throw seen;
  say(expected === "" ? `${host} is routed to nobody:` : `${host} is routed to ${expected}:`);
  if (nginx) quote(shown(await ask(nginx.port, host)));
  else quote(serverLines(stack, host).join("\n") || "(no server)");
}

/** Who answers for the host through nginx. */
async function answering(stack: EmbeddedStack, port: number, host: string): Promise<string[]> {
  const replicas = replicasOf(stack, host);
  if (replicas.length === 0 && (await ask(port, host)).status === 200) return ["somebody unknown"];
  const seen = new Set<string>();
  for (let asked = 0; asked < ASKED_PER_REPLICA * replicas.length; asked += 1) {
    const short = containerOf(await ask(port, host));
    const replica = replicas.find(({ id }) => id.startsWith(short));
    if (short !== "" && replica) seen.add(replica.name);
  }
  return [...seen];
}

/** Whose address stands in the generated configuration. */
function configured(stack: EmbeddedStack, host: string): string[] {
  const lines = serverLines(stack, host).join("\n");
  return replicasOf(stack, host)
    .filter(({ address }) => lines.includes(` ${address}:`))
    .map(({ name }) => name);
}

function serverLines(stack: EmbeddedStack, host: string): string[] {
  const addresses = replicasOf(stack, host).map(({ address }) => address);
  const isOurs = (line: string) => addresses.some((address) => address !== "" && line.includes(`server ${address}:`));
  return stack.generated().split("\n").filter(isOurs);
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

async function ask(port: number, host: string): Promise<Answer> {
  return await request({ host: "127.0.0.1", port }, host, "/hello");
}

function shown({ status, body }: Answer): string {
  return status === 200 ? whoAnswered(body) : `HTTP ${status}, from nginx itself`;
}
