import type { FormatName } from "../template/formats/format-table.ts";
import type { Filters, Generation } from "./generation.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";
import { type ImportedSignal, importSignal } from "./notify-program.ts";

/** Where the stack of compose.yml mounts the reload channel. */
const CHANNEL = "/run/sallyport/reload";

/** How a server is told, in our words, and which container it is. */
export interface ImportedNotify {
  readonly reload: ImportedSignal["reload"] | { readonly channel: string } | { readonly exec: ImportedExec };
  readonly proxy?: "host" | { readonly container: string } | { readonly label: string };
  readonly notes: readonly Note[];
}

interface ImportedExec {
  readonly command: readonly string[];
  readonly logOutput?: true;
}

/** docker-gen's notifications as one way to reload, for nginx's routes, or for any other file of a format. */
export function importNotify(generation: Generation, format?: FormatName): ImportedNotify {
  if (format !== undefined && format !== "nginx") return importNotifyOfProgram(generation, format);
  const { reload, proxy, notes, aboutProxy } = importNotifyOfNginx(generation);
  // Which container is nginx, and on which networks, matters for routes alone.
  return format === undefined
    ? { reload, ...(proxy ? { proxy } : {}), notes: [...notes, ...aboutProxy] }
    : { reload, notes };
}

/** A command, else one signal. */
function importNotifyOfProgram(generation: Generation, format: FormatName): ImportedNotify {
  const { notifyCommand } = generation;
  const callsDocker = /\bdocker\b/.test(notifyCommand);
  const signal = importSignal(generation, format);
  if (notifyCommand === "") return signal;
  if (callsDocker) {
    const why = leftOut(`${quoted(notifyCommand)} needs Docker, which the renderer has not`, "reload");
    return { ...signal, notes: [why, ...signal.notes] };
  }
  const both = Object.keys({ ...generation.notifyContainers, ...generation.notifyFilter }).map((id) =>
    leftOut(`${quoted(id)}: one way to reload is possible, the command's`, "reload"),
  );
  return { reload: execOf(generation), notes: [...aboutCommand(notifyCommand, false, false), ...both] };
}

/** A container by the reload channel, else the command. */
function importNotifyOfNginx(generation: Generation): ImportedNotify & { readonly aboutProxy: readonly Note[] } {
  const { notifyCommand, notifyContainers, notifyFilter } = generation;
  const tellsContainer = Object.keys(notifyContainers).length > 0 || Object.keys(notifyFilter).length > 0;
  const callsDocker = /\bdocker\b/.test(notifyCommand);
  const notes = [
    ...(tellsContainer ? aboutContainers(generation) : []),
    ...aboutCommand(notifyCommand, tellsContainer, callsDocker),
  ];
  if (tellsContainer) {
    const proxy = proxyOf(notifyContainers, notifyFilter);
    return { reload: { channel: CHANNEL }, ...proxy, notes, aboutProxy: aboutNames(generation) };
  }
  if (callsDocker) return { reload: { channel: CHANNEL }, notes, aboutProxy: [] };
  if (notifyCommand === "") return { reload: "none", notes, aboutProxy: [] };
  return { reload: execOf(generation), proxy: "host", notes, aboutProxy: [ON_HOST] };
}

const ON_HOST = differs(
  "a server that a command reaches runs beside the renderer, on the Docker host: `proxy: host`",
  "reload",
);

function execOf({ notifyCommand, notifyOutput }: Generation): { exec: ImportedExec } {
  return { exec: { command: wordsOf(notifyCommand), ...(notifyOutput ? { logOutput: true } : {}) } };
}

/** A container by its name, or by the label that finds it, is nginx: its networks can then be looked up. */
function proxyOf(containers: Generation["notifyContainers"], filter: Filters): Pick<ImportedNotify, "proxy"> {
  const ids = Object.keys(containers).map((id) => id.replace(/^\//, ""));
  const names = ids.filter((id) => id !== "" && !isId(id));
  const name = names.find((one) => /nginx|proxy/i.test(one)) ?? names[0];
  if (name !== undefined) return { proxy: { container: name } };
  const label = filter["label"]?.[0];
  return label === undefined || label === "" ? {} : { proxy: { label } };
}

function isId(text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text);
}

function aboutContainers({ notifyContainers, notifyFilter, notifySignal }: Generation): Note[] {
  const told = Object.entries(notifyContainers);
  const filters = Object.entries(notifyFilter);
  const signals = new Set([...told.map(([, signal]) => signal), ...(filters.length > 0 ? [notifySignal] : [])]);
  const others = Math.max(0, told.length - 1) + Number(told.length > 0 && filters.length > 0);
  return [
    differs(
      "nothing here can send a signal through Docker: mount renderer/nginx/90-sallyport-reload.sh into nginx's " +
        "container, which then tests and reloads by itself (docs/reload.md)",
      "reload",
    ),
    ...[...signals].flatMap(aboutSignal),
    ...(others > 0
      ? [leftOut("a channel has one server at its end: the other containers are not told", "reload")]
      : []),
  ];
}

/** What does not tell which container nginx is. */
function aboutNames({ notifyContainers, notifyFilter }: Generation): Note[] {
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

function aboutSignal(signal: number): Note[] {
  if (signal === 1) return [];
  if (signal === -1) return [differs("docker-gen would restart the container; here it reloads and goes on", "reload")];
  if (signal === 0 || signal < -1)
    return [differs(`signal ${signal}: docker-gen would kill the container (SIGKILL); here it reloads`, "reload")];
  return [leftOut(`signal ${signal} is not sent, nginx reloads; \`reload: signal\` can send SIGUSR1 and 2`, "reload")];
}

function aboutCommand(command: string, tellsContainer: boolean, callsDocker: boolean): Note[] {
  if (command === "") return [];
  if (callsDocker) {
    const instead = tellsContainer ? "" : ", and nginx reloads by the reload channel instead (docs/reload.md)";
    return [leftOut(`${quoted(command)} needs Docker, which the renderer has not${instead}`, "reload")];
  }
  if (tellsContainer) return [leftOut(`${quoted(command)}: one way to reload is possible, the container's`, "reload")];
  const how = isPlain(command) ? "without a shell" : "by a shell, which the renderer's image has not";
  return [differs(`the command is run ${how}, and killed after 10s; docker-gen had no limit`, "reload")];
}

function wordsOf(command: string): string[] {
  return isPlain(command) ? command.trim().split(/ +/) : ["/bin/sh", "-c", command];
}

/** Words that a shell would only split. */
function isPlain(command: string): boolean {
  return /^ *[A-Za-z0-9_@%+:,./-]+( +[A-Za-z0-9_@%+=:,./-]+)* *$/.test(command);
}
