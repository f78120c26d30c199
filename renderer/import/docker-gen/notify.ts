import type { FormatName } from "../../template/formats/format-table.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";
import type { Generation } from "./generation.ts";
import { callsDocker, type ExecRule, importCommand } from "./notify-command.ts";
import { importSignal, type SignalledContainer, type SignalRule } from "./notify-signal.ts";

/** The reload channel of compose.yml. */
const CHANNEL = { channel: "/run/sallyport/reload" };

/** Names of the processes that read a format. */
const PROCESSES: Partial<Readonly<Record<FormatName, string>>> = { haproxy: "haproxy", caddyfile: "caddy" };

type Rule = typeof CHANNEL | ExecRule | SignalRule;

/** The reload methods, and which container is nginx. */
export interface ImportedNotify {
  readonly reload: "none" | Rule | readonly Rule[];
  readonly proxy?: "host" | { readonly container: string } | { readonly label: string };
  readonly notes: readonly Note[];
}

/** Imports docker-gen's command and signals in its order. The format is undefined for an nginx target. */
export function importNotify(generation: Generation, format?: FormatName): ImportedNotify {
  const command = importCommand(generation);
  const containers = signalledContainers(generation);
  const signals =
    format === undefined || format === "nginx"
      ? reloadNginx(generation, containers)
      : sendSignals(containers, PROCESSES[format]);
  const rules = [...(command.rule ? [command.rule] : []), ...signals.rules];
  const notes = [...command.notes, ...signals.notes];
  const reload = rules.length > 1 ? rules : (rules[0] ?? "none");
  // Only routes depend on nginx's networks.
  if (format !== undefined) return { reload, notes };
  if (signals.rules.length === 0 && command.rule !== undefined)
    return { reload, proxy: "host", notes: [...notes, ON_HOST] };
  return { reload, ...proxyOf(generation), notes: [...notes, ...aboutProxy(generation)] };
}

interface Reloads {
  readonly rules: readonly Rule[];
  readonly notes: readonly Note[];
}

const ON_HOST = differs(
  "a command reaches only nginx next to the renderer: `proxy: host` on the Docker host, `proxy: self` in one container",
  "reload",
);

const BY_CHANNEL = differs(
  "Sallyport cannot send signals through Docker: mount renderer/nginx/90-sallyport-reload.sh into nginx's container, which " +
    "then tests and reloads by itself (docs/how-to/choose-a-reload-method.md)",
  "reload",
);

/** nginx is reloaded by the channel, the other containers by signals. */
function reloadNginx(generation: Generation, containers: readonly SignalledContainer[]): Reloads {
  const nginx = containers.find(({ name }) => name === nginxOf(generation)) ?? containers[0];
  if (nginx === undefined) {
    // A command that calls Docker most likely reloads nginx.
    return callsDocker(generation.notifyCommand) ? { rules: [CHANNEL], notes: [BY_CHANNEL] } : { rules: [], notes: [] };
  }
  const others = sendSignals(containers.filter((one) => one !== nginx));
  return { rules: [CHANNEL, ...others.rules], notes: [BY_CHANNEL, ...aboutSignal(nginx.signal), ...others.notes] };
}

/** The first process may be known by the format. */
function sendSignals(containers: readonly SignalledContainer[], process?: string): Reloads {
  const found = containers.map((one, index) => importSignal(one, index === 0 ? process : undefined));
  return { rules: found.flatMap(({ rule }) => rule ?? []), notes: found.map(({ note }) => note) };
}

/** The containers that docker-gen signals: named ones, then those that a filter selects. */
function signalledContainers({ notifyContainers, notifyFilter, notifySignal }: Generation): SignalledContainer[] {
  const named = Object.entries(notifyContainers).map(([id, signal]) => ({ name: id.replace(/^\//, ""), signal }));
  const filtered = Object.entries(notifyFilter).flatMap(([key, values]) =>
    values.map((value) => ({ name: key === "name" ? value.replace(/^\^?\/?|\$$/g, "") : "", signal: notifySignal })),
  );
  return [...named, ...filtered];
}

/** Returns the name of the container that is most likely nginx. */
function nginxOf({ notifyContainers }: Generation): string | undefined {
  const ids = Object.keys(notifyContainers).map((id) => id.replace(/^\//, ""));
  const names = ids.filter((id) => id !== "" && !isId(id));
  return names.find((one) => /nginx|proxy/i.test(one)) ?? names[0];
}

/** nginx is the container with the name or the label that docker-gen signals. */
function proxyOf(generation: Generation): Pick<ImportedNotify, "proxy"> {
  const name = nginxOf(generation);
  if (name !== undefined) return { proxy: { container: name } };
  const label = generation.notifyFilter["label"]?.[0];
  return label === undefined || label === "" ? {} : { proxy: { label } };
}

function isId(text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text);
}

/** Reports IDs and filters that do not show which container is nginx. */
function aboutProxy(generation: Generation): Note[] {
  if (nginxOf(generation) !== undefined) return [];
  const filters = Object.entries(generation.notifyFilter).filter(
    ([key, values]) => key !== "label" || values.length !== 1,
  );
  const named = [
    ...filters.map(([key, values]) => `notify filter ${key}=${values.map(quoted).join(", ")}`),
    ...Object.keys(generation.notifyContainers)
      .filter(isId)
      .map((id) => `${quoted(id)} is an ID`),
  ];
  return named.map((what) => skipped(`${what}: set nginx's container in \`proxy\``, "reload"));
}

/** What nginx's script does instead of the signal. */
function aboutSignal(signal: number): Note[] {
  if (signal === 1) return [];
  if (signal > 1) {
    const text = `signal ${signal} is not sent, nginx reloads; \`reload: signal\` can send SIGUSR1 and SIGUSR2`;
    return [skipped(text, "reload")];
  }
  const action = signal === -1 ? "restarts the container" : `kills the container (SIGKILL) for signal ${signal}`;
  return [differs(`docker-gen ${action}; Sallyport reloads nginx`, "reload")];
}
