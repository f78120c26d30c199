import type { Container } from "../shared/snapshot.ts";
import type { AgentConfig } from "./config.ts";
import { createDockerReader } from "./docker.ts";
import { faultOf } from "./docker-error.ts";
import { loadPolicy } from "./load-policy.ts";
import { dropPrivilege } from "./privilege.ts";
import { isVisible, safeName, sanitizeInspected, sanitizeListed } from "./sanitize.ts";
import { attachmentsOf, type Listed } from "./inspected.ts";

/**
 * What the policy would disclose of one container (by name or beginning of its id), for the person
 * who writes the policy. Withheld names and values are counted, never printed.
 */
export async function explain(config: AgentConfig, wanted: string): Promise<{ text: string; exitCode: 0 | 1 | 78 }> {
  const problem = dropPrivilege(config.dockerSocket, config.user);
  if (problem) return { text: problem.problem, exitCode: 78 };
  const loaded = loadPolicy(config);
  if ("problems" in loaded) return { text: loaded.problems.join("\n"), exitCode: 78 };
  const { policy } = loaded;
  const docker = createDockerReader(config.dockerSocket, () => undefined);
  try {
    await docker.negotiate();
    const { listed } = await docker.list();
    const found = listed.filter((entry) => isNamed(entry, wanted));
    if (found.length !== 1)
      return { text: `${found.length} containers are called ${wanted.slice(0, 128)}`, exitCode: 1 };
    const entry = found[0]!;
    if (!isVisible(policy, { labels: entry.Labels ?? {}, networks: attachmentsOf(entry.NetworkSettings?.Networks) })) {
      return { text: "not seen at all: the policy's `only` lists leave it out", exitCode: 0 };
    }
    const container =
      policy.mode === "labels only"
        ? sanitizeListed(entry, policy, false)
        : sanitizeInspected(await docker.inspect(entry.Id), policy);
    return { text: container ? describe(container) : "not seen at all", exitCode: 0 };
  } catch (error) {
    return { text: `Docker at ${config.dockerSocket}: ${faultOf(error)}`, exitCode: 1 };
  }
}

function isNamed(entry: Listed, wanted: string): boolean {
  return safeName(entry.Names?.[0] ?? "", entry.Id) === wanted || (wanted.length >= 4 && entry.Id.startsWith(wanted));
}

function describe({ withheld, refused, ...disclosed }: Container): string {
  const refusals = refused.map(({ from, name, reason }) => `  ${from} ${name}: its value breaks a rule (${reason})`);
  return [
    JSON.stringify(disclosed, undefined, 2),
    `withheld: ${withheld.env} environment variables, ${withheld.labels} labels`,
    ...(refusals.length > 0 ? ["refused:", ...refusals] : []),
  ].join("\n");
}
