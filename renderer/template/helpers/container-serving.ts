import { isIPv4, isIPv6 } from "node:net";
import type { Container } from "../../../shared/snapshot.ts";
import { parsePort } from "../../routes/grammar.ts";
import { HEALTH_RULES, type HealthRule } from "../../routes/options.ts";
import { idleReason } from "../../routes/serving.ts";
import type { Helpers } from "../helper-call.ts";
import { fieldOf, isRecord, type PlainRecord } from "../plain-record.ts";
import { printed } from "../values.ts";
import { HelperError, shown } from "../helper-error.ts";
import { labelOf } from "./container-queries.ts";

const HEALTH_LABEL = "sallyport.health";
const PORT_LABEL = "sallyport.port";
const PORT_VARIABLE = "VIRTUAL_PORT";

/** The port of nginx's default, too, if a container exposes several. */
const DEFAULT_PORT = 80;

/** Which containers can serve requests, and where: the same rules as for nginx's upstream servers. */
export const containerServing: Helpers = {
  "serving LIST [health=]": (call) => {
    const wanted = call.named("health");
    const rule = wanted === undefined ? undefined : healthRule(wanted);
    if (wanted !== undefined && !rule) throw call.error(`health= must be one of ${HEALTH_RULES.join(", ")}`);
    return call.list(0).filter((one) => isRecord(one) && idleReason(stateOf(one), rule ?? ownRule(one)) === undefined);
  },
  "endpoint CONTAINER": (call) => {
    const container = call.record(0);
    const ip = fieldOf(container, "ip") ?? "";
    if (typeof ip !== "string" || (!isIPv4(ip) && !isIPv6(ip))) throw call.error(withoutAddress(container));
    return `${isIPv6(ip) ? `[${ip}]` : ip}:${portOf(container)}`;
  },
};

function healthRule(text: string): HealthRule | undefined {
  return HEALTH_RULES.find((rule) => rule === text);
}

function ownRule(container: PlainRecord): HealthRule {
  return healthRule(labelOf(container, HEALTH_LABEL) ?? "") ?? "required";
}

/** With text other than a state of Docker, a container serves no requests. */
function stateOf(container: PlainRecord): Pick<Container, "state" | "stopping" | "health"> {
  const [state, health] = [fieldOf(container, "state"), fieldOf(container, "health")];
  return {
    state: state as Container["state"],
    stopping: fieldOf(container, "stopping") === true,
    health: health as Container["health"],
  };
}

function withoutAddress(container: PlainRecord): string {
  const networks = itemsOf(container, "networks").map((network) => shown(printed(fieldOf(network, "name"))));
  const own = networks.length === 0 ? "none" : networks.join(", ");
  return `the container has no address (its networks: ${own}); attach it to the network of the target's \`network\` or of the label \`sallyport.network\``;
}

function portOf(container: PlainRecord): number {
  const variables = fieldOf(container, "env");
  const sources: readonly (readonly [string, unknown])[] = [
    [`the label ${PORT_LABEL}`, labelOf(container, PORT_LABEL)],
    [`the variable ${PORT_VARIABLE}`, isRecord(variables) ? fieldOf(variables, PORT_VARIABLE) : undefined],
  ];
  for (const [source, text] of sources) {
    if (typeof text !== "string") continue;
    const parsed = parsePort(text);
    if (parsed.kind === "ok") return parsed.value;
    throw new HelperError(`endpoint: ${source} is "${shown(text)}"; set it to a port number from 1 to 65535`);
  }
  const tcp = itemsOf(container, "ports").filter((port) => fieldOf(port, "proto") === "tcp");
  const ports = [...new Set(tcp.map((one) => Number(fieldOf(one, "port"))))];
  if (ports.length === 1) return ports[0]!;
  if (ports.includes(DEFAULT_PORT)) return DEFAULT_PORT;
  const exposed = ports.length === 0 ? "no TCP port" : `the TCP ports ${ports.join(", ")}`;
  throw new HelperError(`endpoint: the container exposes ${exposed}; set its label ${PORT_LABEL}`);
}

function itemsOf(container: PlainRecord, name: string): PlainRecord[] {
  const items = fieldOf(container, name);
  return Array.isArray(items) ? items.filter(isRecord) : [];
}
