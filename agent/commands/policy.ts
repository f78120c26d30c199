import { asciiJson, quoted } from "../../shared/log.ts";
import { type Container, refusalReasons } from "../../shared/snapshot.ts";
import type { CommandResult } from "../command-result.ts";
import { parseConfig } from "../config.ts";
import { DockerReader } from "../docker.ts";
import { asDockerError } from "../docker-error.ts";
import { loadPolicy, type Policy } from "../policy.ts";
import { dropPrivilege } from "../privilege.ts";
import { isVisible, sanitize, valuesOf } from "../sanitize.ts";

/** Runs `policy check` or `policy explain`. */
export async function runPolicy([action, ...rest]: readonly string[]): Promise<CommandResult> {
  const [wanted, ...options] = rest;
  if (action === "explain" && wanted !== undefined) return await explain(wanted, options);
  if (action !== "check") return { problems: [`policy ${quoted(action ?? "")}: use check or explain CONTAINER`] };
  const config = parseConfig(rest);
  const loaded = "problems" in config ? config : loadPolicy(config.policy);
  return "problems" in loaded ? loaded : { output: asciiJson(loaded), exitCode: 0 };
}

/**
 * Prints what the policy discloses of one container, selected by name or id prefix. Withheld names and values are
 * counted, never printed.
 */
async function explain(wanted: string, args: readonly string[]): Promise<CommandResult> {
  const config = parseConfig(args);
  if ("problems" in config) return config;
  const dockerSocket = config["docker-socket"];
  const problem = dropPrivilege(dockerSocket, config.user);
  if (problem !== undefined) return { problems: [problem] };
  const loaded = loadPolicy(config.policy);
  if ("problems" in loaded) return loaded;
  const keepsLabel = (): boolean => true;
  try {
    const docker = new DockerReader(dockerSocket, () => undefined, keepsLabel);
    return await explainFrom(docker, loaded.policy, wanted);
  } catch (error) {
    return { failure: `--docker-socket ${quoted(dockerSocket)}: ${asDockerError(error).message}`, exitCode: 1 };
  }
}

async function explainFrom(docker: DockerReader, policy: Policy, wanted: string): Promise<CommandResult> {
  await docker.negotiate();
  const { listed } = await docker.list();
  const found = listed.filter(({ id, name }) => name === wanted || (wanted.length >= 4 && id.startsWith(wanted)));
  const [entry] = found;
  if (found.length !== 1 || !entry)
    return { failure: `${found.length} containers match ${quoted(wanted)}; use a full name or id`, exitCode: 1 };
  const observed = isVisible(entry, policy) && policy.mode !== "labels only" ? await docker.inspect(entry.id) : entry;
  const image = await docker.inspectImage(observed.imageId).catch(() => undefined);
  const container = sanitize(observed, policy, image && valuesOf(image, policy));
  const hidden = "not disclosed: the policy's `only` lists exclude the container";
  return { output: container ? describe(container) : hidden, exitCode: 0 };
}

function describe({ withheld, refused, ...disclosed }: Container): string {
  const refusals = refused.map(({ from, name, reason }) => `  ${from} ${name}: ${refusalReasons[reason]}`);
  return [
    JSON.stringify(disclosed, undefined, 2),
    `withheld: ${withheld.env} environment variables, ${withheld.labels} labels`,
    ...(refusals.length > 0 ? ["withheld because of their values:", ...refusals] : []),
  ].join("\n");
}
