import type { FormatName } from "../../template/formats/format-table.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";
import type { Generation } from "./generation.ts";

/** The reload channel of compose.yml. */
const CHANNEL = { channel: "/run/sallyport/reload" };

/** Names of the processes that read a format. */
const PROCESSES: Partial<Readonly<Record<FormatName, string>>> = { haproxy: "haproxy", caddyfile: "caddy" };

const SIGNALS: Readonly<Record<number, string>> = { 1: "SIGHUP", 10: "SIGUSR1", 12: "SIGUSR2" };

/** Longest name of a process in Linux, in bytes. */
const MAX_PROCESS = 15;

interface Reloads {
  readonly rules: readonly object[];
  readonly notes: readonly Note[];
}

/** The reload methods, and which container is nginx. */
export interface ImportedNotify {
  readonly reload: "none" | object | readonly object[];
  readonly proxy?: "host" | { readonly container: string } | { readonly label: string };
  readonly notes: readonly Note[];
}

/** A container that docker-gen signals. The name is "" if a filter other than `name` selects it. */
interface SignalledContainer {
  readonly name: string;
  readonly signal: number;
}

/** Imports docker-gen's command and signals in its order. The format is undefined for an nginx target. */
export function importNotify(generation: Generation, format?: FormatName): ImportedNotify {
  const command = runCommand(generation);
  const containers = signalledContainers(generation);
  const signals =
    format === undefined || format === "nginx"
      ? reloadNginx(generation, containers)
      : sendSignals(containers, PROCESSES[format]);
  const rules = [...command.rules, ...signals.rules];
  const notes = [...command.notes, ...signals.notes];
  const reload = rules.length > 1 ? rules : (rules[0] ?? "none");
  // Only routes depend on nginx's networks.
  if (format !== undefined) return { reload, notes };
  if (signals.rules.length === 0 && command.rules.length > 0)
    return { reload, proxy: "host", notes: [...notes, ON_HOST] };
  return { reload, ...proxyOf(generation), notes: [...notes, ...aboutProxy(generation)] };
}

const ON_HOST = note(
  "a command reaches only nginx next to the renderer: `proxy: host` on the Docker host, `proxy: self` in one container",
);

const BY_CHANNEL = note(
  "Sallyport cannot send signals through Docker: mount renderer/nginx/90-sallyport-reload.sh into nginx's container, which " +
    "then tests and reloads by itself (docs/how-to/choose-a-reload-method.md)",
);

function note(text: string, report = differs): Note {
  return report(text, "reload");
}

/** A command that calls Docker has no counterpart. */
function runCommand({ notifyCmd, notifyOutput }: Generation): Reloads {
  if (notifyCmd === "") return { rules: [], notes: [] };
  if (callsDocker(notifyCmd)) {
    return { rules: [], notes: [note(`${quoted(notifyCmd)} needs Docker, which the renderer cannot access`, skipped)] };
  }
  const isPlain = /^ *[A-Za-z0-9_@%+:,./-]+( +[A-Za-z0-9_@%+=:,./-]+)* *$/.test(notifyCmd);
  const command = isPlain ? notifyCmd.trim().split(/ +/) : ["/bin/sh", "-c", notifyCmd];
  const how = isPlain ? "without a shell" : "by a shell, which the renderer's image does not have";
  return {
    rules: [{ exec: { command, ...(notifyOutput && { logOutput: true }) } }],
    notes: [note(`the command is run ${how}, and killed after 10s; docker-gen has no timeout`)],
  };
}

function callsDocker(command: string): boolean {
  return /\bdocker\b/.test(command);
}

/** nginx is reloaded by the channel, the other containers by signals. */
function reloadNginx(generation: Generation, containers: readonly SignalledContainer[]): Reloads {
  const nginx = containers.find(({ name }) => name === nginxOf(generation)) ?? containers[0];
  if (nginx === undefined) {
    // A command that calls Docker most likely reloads nginx.
    return callsDocker(generation.notifyCmd) ? { rules: [CHANNEL], notes: [BY_CHANNEL] } : { rules: [], notes: [] };
  }
  const others = sendSignals(containers.filter((one) => one !== nginx));
  return { rules: [CHANNEL, ...others.rules], notes: [BY_CHANNEL, ...aboutSignal(nginx.signal), ...others.notes] };
}

/** The first process may be known by the format; the others are guessed to have the name of their container. */
function sendSignals(containers: readonly SignalledContainer[], known?: string): Reloads {
  const found = containers.map(({ name, signal: number }, index): Reloads => {
    const process = (index === 0 ? known : undefined) ?? name.slice(0, MAX_PROCESS);
    const signal = SIGNALS[number];
    if (signal === undefined) return { rules: [], notes: [note(reasonFor(number, name), skipped)] };
    if (process === "" || /^[0-9a-f]{12}/.test(process)) {
      const text = "the process to reload is unknown; set its name or its PID file in `reload: signal`";
      return { rules: [], notes: [note(text, skipped)] };
    }
    const text =
      "Sallyport cannot send signals through Docker; it signals a process in the renderer's user and PID namespaces " +
      `(docs/how-to/choose-a-reload-method.md). The process name ${quoted(process)} is a guess`;
    return { rules: [{ signal: { process, signal } }], notes: [note(text)] };
  });
  return { rules: found.flatMap(({ rules }) => rules), notes: found.flatMap(({ notes }) => notes) };
}

function reasonFor(signal: number, name: string): string {
  if (signal === -1) {
    return `docker-gen restarts the container ${quoted(name)}; name a program that restarts it in \`reload: exec\``;
  }
  if (signal <= 0) return `signal ${signal}: docker-gen kills the container ${quoted(name)} (SIGKILL)`;
  return `signal ${signal} is not supported; \`reload: signal\` sends SIGHUP, SIGUSR1 and SIGUSR2`;
}

/** What nginx's script does instead of the signal. */
function aboutSignal(signal: number): Note[] {
  if (signal === 1) return [];
  if (signal > 1) {
    const text = `signal ${signal} is not sent, nginx reloads; \`reload: signal\` can send SIGUSR1 and SIGUSR2`;
    return [note(text, skipped)];
  }
  const action = signal === -1 ? "restarts the container" : `kills the container (SIGKILL) for signal ${signal}`;
  return [note(`docker-gen ${action}; Sallyport reloads nginx`)];
}

/** The containers that docker-gen signals: named ones, then those that a filter selects. */
function signalledContainers(generation: Generation): SignalledContainer[] {
  const { notifyContainers, notifyContainersFilter, notifyContainersSignal: signal } = generation;
  return [
    ...Object.entries(notifyContainers).map(([id, own]) => ({ name: id.replace(/^\//, ""), signal: own })),
    ...Object.entries(notifyContainersFilter).flatMap(([key, values]) =>
      values.map((value) => ({ name: key === "name" ? value.replace(/^\^?\/?|\$$/g, "") : "", signal })),
    ),
  ];
}

/** Returns the name of the container that is most likely nginx. */
function nginxOf({ notifyContainers }: Generation): string | undefined {
  const ids = Object.keys(notifyContainers).map((id) => id.replace(/^\//, ""));
  const names = ids.filter((id) => id !== "" && !isId(id));
  return names.find((one) => /nginx|proxy/i.test(one)) ?? names[0];
}

/** nginx is the container with the name or the label that docker-gen signals. */
function proxyOf(generation: Generation): Pick<ImportedNotify, "proxy"> {
  const container = nginxOf(generation);
  if (container !== undefined) return { proxy: { container } };
  const label = generation.notifyContainersFilter["label"]?.[0];
  return label === undefined || label === "" ? {} : { proxy: { label } };
}

function isId(text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text);
}

/** Reports IDs and filters that do not show which container is nginx. */
function aboutProxy(generation: Generation): Note[] {
  if (nginxOf(generation) !== undefined) return [];
  const named = [
    ...Object.entries(generation.notifyContainersFilter)
      .filter(([key, values]) => key !== "label" || values.length !== 1)
      .map(([key, values]) => `notify filter ${key}=${values.map(quoted).join(", ")}`),
    ...Object.keys(generation.notifyContainers)
      .filter(isId)
      .map((id) => `${quoted(id)} is an ID`),
  ];
  return named.map((what) => note(`${what}: set nginx's container in \`proxy\``, skipped));
}
