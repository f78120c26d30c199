import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { serviceName } from "../routes/upstream-server.ts";
import { counted } from "./format.ts";
import type { Entry, Report, VirtualHostReport } from "./report.ts";

export type ServiceReport = Report["services"][number];
export type NodeReport = Report["nodes"][number];

type Sources = Pick<Report, "virtualHosts" | "quarantined" | "unrouted">;

/** Summarizes the Swarm services of all agents, and the nodes of their tasks, both sorted by name. */
export function swarmReport(
  containers: readonly InventoryContainer[],
  { virtualHosts, quarantined, unrouted }: Sources,
): Pick<Report, "services" | "nodes"> {
  const reasons = new Map<string | undefined, Entry>([...unrouted, ...quarantined].map((one) => [one.id, one]));
  const hosts = hostsByContainer(virtualHosts);
  const services = new Map<string, ServiceReport & { readonly found: Set<string> }>();
  const nodes = new Map<string, NodeReport>();
  for (const { dockerHost, container } of containers) {
    const { task, name, id, state } = container;
    if (!task) continue;
    const key = `${dockerHost}\n${task.service}`;
    const one = services.get(key) ?? {
      name: task.service,
      ...(task.stack !== undefined && { stack: task.stack }),
      dockerHost,
      tasks: 0,
      running: 0,
      nodes: [],
      hosts: [],
      found: new Set(),
    };
    services.set(key, one);
    if (task.update !== undefined) one.update = task.update;
    for (const host of [...(hosts.get(name) ?? []), ...(hosts.get(serviceName(task.service)) ?? [])])
      one.found.add(host);
    one.reason ??= reasons.get(id)?.reason;
    if (task.state === undefined) continue;
    const isRunning = state === "running" && task.nodeState !== "down";
    one.tasks += 1;
    one.running += isRunning ? 1 : 0;
    if (task.node === undefined) continue;
    if (!one.nodes.includes(task.node)) one.nodes.push(task.node);
    const node = nodes.get(`${dockerHost}\n${task.node}`) ?? {
      name: task.node,
      dockerHost,
      state: "unknown",
      tasks: 0,
    };
    nodes.set(`${dockerHost}\n${task.node}`, node);
    node.state = task.nodeState ?? "unknown";
    node.tasks += 1;
  }
  return {
    services: [...services.values()]
      .map(({ found, ...one }) => ({ ...one, nodes: one.nodes.toSorted(), hosts: [...found].toSorted() }))
      .toSorted(byName),
    nodes: [...nodes.values()].toSorted(byName),
  };
}

/** Describes the tasks of a service: `2 of 3 tasks run, on m1, w1 (down)`. */
export function tasksText({ tasks, running, nodes }: ServiceReport, { nodes: known }: Pick<Report, "nodes">): string {
  if (tasks === 0) return "no task";
  const down = new Set(known.filter(({ state }) => state === "down").map(({ name }) => name));
  const places = nodes.map((name) => (down.has(name) ? `${name} (down)` : name));
  const on = places.length === 0 ? "" : `, on ${places.join(", ")}`;
  return `${running} of ${counted(tasks, "task")} ${tasks === 1 ? "runs" : "run"}${on}`;
}

/** Describes how a service is routed, or why it is not, and what to do about an update that stopped. */
export function routingText(service: ServiceReport): string[] {
  const { name, hosts, reason, update = "" } = service;
  const partly = hosts.length > 0 && reason !== undefined;
  return [
    ...(hosts.length > 0
      ? [`routed by ${hosts.join(", ")}`]
      : [`not routed${reason === undefined ? "" : `: ${reason}`}`]),
    ...(partly ? [`in part: ${reason}`] : []),
    ...(update.endsWith("paused")
      ? [
          `its ${update === "paused" ? "update" : "rollback"} is paused; correct the service and update it again, or run \`docker service rollback ${name}\``,
        ]
      : []),
  ];
}

/** Returns the services that a name means: with or without their stack. */
export function servicesNamed({ services }: Pick<Report, "services">, query: string): ServiceReport[] {
  return services.filter(({ name, stack }) => name === query || (stack !== undefined && name === `${stack}_${query}`));
}

function hostsByContainer(virtualHosts: readonly VirtualHostReport[]): Map<string, Set<string>> {
  const hosts = new Map<string, Set<string>>();
  for (const { host, paths } of virtualHosts)
    for (const { container } of paths.flatMap(({ servers }) => servers))
      hosts.set(container, (hosts.get(container) ?? new Set()).add(host));
  return hosts;
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
