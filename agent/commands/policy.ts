import { asciiJson } from "../../shared/log.ts";
import type { Container } from "../../shared/snapshot.ts";
import type { Answer } from "../answer.ts";
import { parseConfig } from "../config.ts";
import { DockerReader } from "../docker.ts";
import { faultOf } from "../docker-error.ts";
import { loadPolicy } from "../load-policy.ts";
import type { Policy } from "../policy.ts";
import { dropPrivilege } from "../privilege.ts";
import { sanitize } from "../sanitize.ts";

/** `policy check` and `policy explain`. */
export async function runPolicy([action, ...rest]: readonly string[]): Promise<Answer> {
  const [wanted, ...options] = rest;
  if (action === "explain" && wanted !== undefined) return await explain(wanted, options);
  if (action !== "check") return { problems: ["policy check, or policy explain CONTAINER"] };
  const config = parseConfig(rest);
  const loaded = "problems" in config ? config : loadPolicy(config);
  return "problems" in loaded ? loaded : { text: asciiJson(loaded), exitCode: 0 };
}

/**
 * What the policy would disclose of one container (by name or beginning of its id), for the person
 * who writes the policy. Withheld names and values are counted, never printed.
 */
async function explain(wanted: string, args: readonly string[]): Promise<Answer> {
  const config = parseConfig(args);
  if ("problems" in config) return config;
  const dockerSocket = config["docker-socket"];
  const obstacle = dropPrivilege(dockerSocket, config.user);
  if (obstacle !== undefined) return { problems: [obstacle] };
  const loaded = loadPolicy(config);
  if ("problems" in loaded) return loaded;
  try {
    return await look(new DockerReader(dockerSocket, () => undefined), loaded.policy, wanted);
  } catch (error) {
    return { failure: `Docker at ${dockerSocket}: ${faultOf(error)}`, exitCode: 1 };
  }
}

async function look(docker: DockerReader, policy: Policy, wanted: string): Promise<Answer> {
  await docker.negotiate();
  const { listed } = await docker.list();
  const found = listed.filter(({ id, name }) => name === wanted || (wanted.length >= 4 && id.startsWith(wanted)));
  const [entry] = found;
  if (found.length !== 1 || !entry)
    return { failure: `${found.length} containers are called ${wanted.slice(0, 128)}`, exitCode: 1 };
  const seen = sanitize(entry, policy) && policy.mode !== "labels only" ? await docker.inspect(entry.id) : entry;
  const container = sanitize(seen, policy);
  const hidden = "not seen at all: the policy's `only` lists leave it out";
  return { text: container ? describe(container) : hidden, exitCode: 0 };
}

function describe({ withheld, refused, ...disclosed }: Container): string {
  const refusals = refused.map(({ from, name, reason }) => `  ${from} ${name}: its value breaks a rule (${reason})`);
  return [
    JSON.stringify(disclosed, undefined, 2),
    `withheld: ${withheld.env} environment variables, ${withheld.labels} labels`,
    ...(refusals.length > 0 ? ["refused:", ...refusals] : []),
  ].join("\n");
}
