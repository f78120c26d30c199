import type { FormatName } from "../../template/formats/format-table.ts";
import type { Generation } from "./generation.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";
import { callsDocker, type ExecRule, importCommand } from "./notify-command.ts";
import { importSignal, type SignalRule, type Told } from "./notify-program.ts";

/** Where the stack of compose.yml mounts the reload channel. */
const CHANNEL = { channel: "/run/sallyport/reload" };

/** Programs that read a format and no other, by the name of their process. */
const READERS: Partial<Readonly<Record<FormatName, string>>> = { haproxy: "haproxy", caddyfile: "caddy" };

type Rule = typeof CHANNEL | ExecRule | SignalRule;

/** How those who read the file are told, in our words, and which container nginx is. */
export interface ImportedNotify {
  readonly reload: "none" | Rule | readonly Rule[];
  readonly proxy?: "host" | { readonly container: string } | { readonly label: string };
  readonly notes: readonly Note[];
}

/** docker-gen's command and signals, in its order: for nginx's routes, or for any other file of a format. */
export function importNotify(generation: Generation, format?: FormatName): ImportedNotify {
  const command = importCommand(generation);
  const containers =
    format === undefined || format === "nginx" ? tellNginx(generation) : tellPrograms(generation, format);
  const rules = [...(command.rule ? [command.rule] : []), ...containers.rules];
  const notes = [...command.notes, ...containers.notes];
  const reload = rules.length > 1 ? rules : (rules[0] ?? "none");
  // Which container is nginx, and on which networks, matters for routes alone.
  if (format !== undefined) return { reload, notes };
  const isOnHost = containers.rules.length === 0 && command.rule !== undefined;
  return isOnHost
    ? { reload, proxy: "host", notes: [...notes, ON_HOST] }
    : { reload, ...proxyOf(generation), notes: [...notes, ...aboutProxy(generation)] };
}

interface Telling {
  readonly rules: readonly Rule[];
  readonly notes: readonly Note[];
}

const ON_HOST = differs(
  "a server that a command reaches runs beside the renderer, on the Docker host: `proxy: host`",
  "reload",
);

const BY_ITSELF = differs(
  "nothing here can send a signal through Docker: mount renderer/nginx/90-sallyport-reload.sh into nginx's " +
    "container, which then tests and reloads by itself (docs/how-to/choose-a-reload-method.md)",
  "reload",
);

/** nginx by the reload channel, whatever finds its container, and the others by signals. */
function tellNginx(generation: Generation): Telling {
  const all = toldBy(generation);
  const nginx = all.find(({ name }) => name === nginxOf(generation)) ?? all[0];
  if (nginx === undefined) {
    // Most likely it is nginx that the command would tell through Docker.
    return callsDocker(generation.notifyCommand) ? { rules: [CHANNEL], notes: [BY_ITSELF] } : { rules: [], notes: [] };
  }
  const others = signals(all.filter((one) => one !== nginx));
  return {
    rules: [CHANNEL, ...others.rules],
    notes: [BY_ITSELF, ...aboutSignal(nginx.signal), ...others.notes],
  };
}

function tellPrograms(generation: Generation, format: FormatName): Telling {
  return signals(toldBy(generation), READERS[format]);
}

/** The first may be known by the format of the file. */
function signals(told: readonly Told[], reader?: string): Telling {
  const found = told.map((one, at) => importSignal(one, at === 0 ? reader : undefined));
  return { rules: found.flatMap(({ rule }) => rule ?? []), notes: found.map(({ note }) => note) };
}

/** Whom docker-gen signals: by name, then those that a filter finds. */
function toldBy({ notifyContainers, notifyFilter, notifySignal }: Generation): Told[] {
  const named = Object.entries(notifyContainers).map(([id, signal]) => ({ name: id.replace(/^\//, ""), signal }));
  const filtered = Object.entries(notifyFilter).flatMap(([key, values]) =>
    values.map((value) => ({ name: key === "name" ? value.replace(/^\^?\/?|\$$/g, "") : "", signal: notifySignal })),
  );
  return [...named, ...filtered];
}

/** The name that is most likely nginx's; undefined when there is none. */
function nginxOf({ notifyContainers }: Generation): string | undefined {
  const ids = Object.keys(notifyContainers).map((id) => id.replace(/^\//, ""));
  const names = ids.filter((id) => id !== "" && !isId(id));
  return names.find((one) => /nginx|proxy/i.test(one)) ?? names[0];
}

/** A container by its name, or by the label that finds it, is nginx: its networks can then be looked up. */
function proxyOf(generation: Generation): Pick<ImportedNotify, "proxy"> {
  const name = nginxOf(generation);
  if (name !== undefined) return { proxy: { container: name } };
  const label = generation.notifyFilter["label"]?.[0];
  return label === undefined || label === "" ? {} : { proxy: { label } };
}

function isId(text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text);
}

/** What does not tell which container nginx is, where nothing else does. */
function aboutProxy(generation: Generation): Note[] {
  const { notifyContainers, notifyFilter } = generation;
  if (nginxOf(generation) !== undefined) return [];
  const ids = Object.keys(notifyContainers).filter(isId);
  return [
    ...Object.entries(notifyFilter).flatMap(([key, values]) =>
      key === "label" && values.length === 1
        ? []
        : [leftOut(`notify filter ${key}=${values.map(quoted).join(", ")}: name nginx by \`proxy\``, "reload")],
    ),
    ...ids.map((id) => leftOut(`${quoted(id)} is an id: name nginx's container by \`proxy\``, "reload")),
  ];
}

/** What nginx's script does for each signal. */
function aboutSignal(signal: number): Note[] {
  if (signal === 1) return [];
  if (signal === -1) return [differs("docker-gen would restart the container; here it reloads and goes on", "reload")];
  if (signal === 0 || signal < -1)
    return [differs(`signal ${signal}: docker-gen would kill the container (SIGKILL); here it reloads`, "reload")];
  return [leftOut(`signal ${signal} is not sent, nginx reloads; \`reload: signal\` can send SIGUSR1 and 2`, "reload")];
}
