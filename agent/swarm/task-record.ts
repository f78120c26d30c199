import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import { type Container, MAX_NETWORKS, MAX_PORTS } from "../../shared/snapshot.ts";
import { textFault } from "../../shared/text.ts";
import { isPort, type Observed, safeName } from "../observed.ts";
import type { Policy } from "../policy.ts";
import { sanitize } from "../sanitize.ts";
import type { SwarmNode, SwarmService, SwarmTask } from "./answers.ts";

const STACK_LABEL = "com.docker.stack.namespace";

/** The specification of a task contains nothing that its image sets. */
const OF_IMAGE: ReadonlySet<string> = new Set();

/**
 * Returns what the policy discloses of a task, or of a service without a task, as a container: labels of the service prevail over
 * those of its containers.
 */
export function recordOf(
  service: SwarmService,
  task: SwarmTask | undefined,
  node: SwarmNode | undefined,
  policy: Policy,
): Container | undefined {
  const { Name, Labels, TaskTemplate } = service.Spec;
  const { Image, Env, Labels: ofContainer } = (task?.Spec ?? TaskTemplate).ContainerSpec;
  const labels = { ...ofContainer, ...Labels };
  const name = safeName(Name, service.ID);
  const observed: Observed = {
    id: task?.Status.ContainerStatus?.ContainerID ?? hashOf(task?.ID ?? service.ID),
    name: task ? safeName(`${name}.${task.Slot ?? task.NodeID ?? ""}.${task.ID}`, task.ID) : name,
    state: stateOf(task),
    health: "none",
    createdAt: Date.parse((task ?? service).CreatedAt) || 0,
    startedAt: Number.NaN,
    image: Image,
    imageId: "",
    networks: networksOf(task),
    ports: portsOf(service),
    env: Object.fromEntries(Env),
    labels,
    stopSignal: 0,
    stopMs: 0,
    restarts: false,
    otherLabels: 0,
    isPart: false,
    task: {
      service: name,
      ...plain("stack", labels[STACK_LABEL]),
      ...(task && { state: task.Status.State }),
      ...(node && { ...plain("node", node.Description.Hostname), nodeState: node.Status.State }),
      ...(service.UpdateStatus?.State && { update: service.UpdateStatus.State }),
      ...(task && { vips: vipsOf(service, task) }),
    },
  };
  return sanitize(observed, policy, OF_IMAGE);
}

/** Returns the id of a record without a container. */
export function hashOf(inSwarm: string): string {
  return createHash("sha256").update(inSwarm).digest("hex");
}

function stateOf(task: SwarmTask | undefined): Container["state"] {
  if (!task) return "exited";
  return task.Status.State === "running" ? "running" : "created";
}

function networksOf(task: SwarmTask | undefined): Container["networks"] {
  return (task?.NetworksAttachments ?? [])
    .map(({ Network: { Spec }, Addresses }) => attachment(Spec.Name, Addresses ?? []))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, MAX_NETWORKS);
}

/** The routing mesh has an address, too, which only a published port reaches. */
function vipsOf({ Endpoint }: SwarmService, { NetworksAttachments }: SwarmTask): Container["networks"] {
  const names = new Map((NetworksAttachments ?? []).map(({ Network: { ID, Spec } }) => [ID, Spec] as const));
  return (Endpoint?.VirtualIPs ?? [])
    .flatMap(({ NetworkID, Addr = "" }) => {
      const { Name, Ingress } = names.get(NetworkID) ?? {};
      const isUsable = Name !== undefined && Ingress !== true && textFault(Name, 256) === undefined;
      return isUsable ? attachment(Name, [Addr]) : [];
    })
    .slice(0, MAX_NETWORKS);
}

function attachment(name: string, withMasks: readonly string[]): Container["networks"][number] {
  const addresses = withMasks.map((address) => address.split("/")[0]!);
  const [ipv4, ipv6] = [addresses.find((one) => isIPv4(one)), addresses.find((one) => isIPv6(one))];
  return { name, ...(ipv4 !== undefined && { ipv4 }), ...(ipv6 !== undefined && { ipv6 }) };
}

/** A swarm does not report the ports that an image exposes, only those that the service publishes. */
function portsOf({ Endpoint }: SwarmService): Container["ports"] {
  const tcp = (Endpoint?.Ports ?? []).filter(({ Protocol = "tcp" }) => Protocol === "tcp");
  const ports = [...new Set(tcp.map(({ TargetPort }) => TargetPort).filter(isPort))].toSorted((a, b) => a - b);
  return ports.slice(0, MAX_PORTS).map((port) => ({ port, proto: "tcp" }));
}

function plain<K extends string>(key: K, value: string | undefined): { [name in K]?: string } {
  const isPlain = value !== undefined && value !== "" && textFault(value, 256) === undefined && !/[\t\n]/.test(value);
  return (isPlain ? { [key]: value } : {}) as { [name in K]?: string };
}
