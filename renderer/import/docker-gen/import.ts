import { resolve } from "node:path";
import { readCommandLine, type Endpoint } from "./command-line.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";
import type { Option } from "./options.ts";
import { printConfig, type Sockets } from "./print.ts";
import type { ReadText } from "./read-text.ts";
import { importTarget, type ImportedTarget } from "./target.ts";
import { readToml } from "./toml.ts";

/** The configuration made of docker-gen's, or what made it impossible. */
export type Imported =
  | {
      readonly kind: "imported";
      readonly yaml: string;
      readonly notes: readonly Note[];
      /** docker-gen would print the first target instead of writing a file. */
      readonly isPrinted: boolean;
      /** docker-gen would do the first target once and end. */
      readonly isOnce: boolean;
      /** Where somebody said that the status is to be asked. */
      readonly statusSocket: string | undefined;
    }
  | { readonly kind: "failed"; readonly problems: readonly string[] };

/** Imports docker-gen's configuration files. Relative paths in them count from `directory`. */
export function importFiles(files: readonly string[], directory: string, read: ReadText): Imported {
  return finish(gather(files, directory, read), { notes: [], agents: [], statusSocket: undefined });
}

/** Imports a command line of docker-gen, with the files it names; flags of `own` may stand among its flags. */
export function importCommandLine(
  words: readonly string[],
  directory: string,
  read: ReadText,
  own: readonly Option[] = [],
): Imported {
  const { generation, files, endpoint, notes, agents, statusSocket, format } = readCommandLine(words, own);
  const told = {
    notes: [...notes, ...aboutEndpoint(endpoint)],
    agents: agents.map((socket) => resolve(directory, socket)),
    statusSocket: statusSocket === undefined ? undefined : resolve(directory, statusSocket),
  };
  if (!generation) return finish(gather(files, directory, read), told);
  const targets = [importTarget(generation, { directory, read, format })];
  return finish({ targets, notes: [], problems: [] }, told);
}

interface Gathered {
  readonly targets: readonly ImportedTarget[];
  readonly notes: readonly Note[];
  readonly problems: readonly string[];
}

function gather(files: readonly string[], directory: string, read: ReadText): Gathered {
  const found = files.map((file) => {
    const text = read(file, "configuration");
    return typeof text === "string" ? readToml(text, file) : text;
  });
  const readable = found.flatMap((one) => ("problem" in one ? [] : [one]));
  const overlaid = differs("of several files docker-gen lays one over the other; here every target stands");
  return {
    targets: readable
      .flatMap(({ entries }) => entries)
      .map(({ generation, notes }) => {
        const imported = importTarget(generation, { directory, read, format: undefined });
        return { ...imported, notes: [...notes, ...imported.notes] };
      }),
    notes: [...readable.flatMap(({ notes }) => notes), ...(files.length > 1 ? [overlaid] : [])],
    problems: found.flatMap((one) => ("problem" in one ? [one.problem] : [])),
  };
}

/** What the command line itself says: sockets, and what is to be said of its flags. */
interface Told extends Sockets {
  readonly notes: readonly Note[];
}

/** A destination can be written by one target only: the first keeps it. */
function finish({ targets, notes, problems }: Gathered, own: Told): Imported {
  const kept = targets.filter((one, at) => targets.findIndex((other) => sameDestination(one, other)) === at);
  const left = targets.filter((one) => !kept.includes(one));
  const twice = left.map(({ from, target }) => leftOut(`${from}: another target writes ${quoted(target.destination)}`));
  const routes = kept.filter(({ target }) => target["format"] === undefined);
  const knowsProxy = routes.length === 0 || routes.some(({ proxy }) => proxy !== undefined);
  const told = [...own.notes, ...notes, ...twice, ...(knowsProxy ? [] : [UNKNOWN_PROXY])];
  if (problems.length > 0) return { kind: "failed", problems };
  if (kept.length === 0) return { kind: "failed", problems: told.map(({ text }) => text) };
  const all = [...told, ...kept.flatMap((one) => one.notes)];
  return {
    kind: "imported",
    yaml: printConfig(kept, told, own),
    notes: all,
    ...kept[0]!.way,
    statusSocket: own.statusSocket,
  };
}

const UNKNOWN_PROXY = differs(
  "nginx is known by its container: give it the label sallyport.proxy=true, or name it by `proxy`",
);

function sameDestination(a: ImportedTarget, b: ImportedTarget): boolean {
  return a.target.destination === b.target.destination;
}

function aboutEndpoint({ address, hasTls, eventFilter }: Endpoint): Note[] {
  const notes: Note[] = [];
  const socket = /^unix:\/\/(\/.*)$/.exec(address)?.[1];
  if (socket !== undefined) notes.push(differs(`the agent is told of Docker's socket: --docker-socket ${socket}`));
  else if (address !== "" && address !== "unix://") {
    notes.push(leftOut(`${quoted(address)}: the agent speaks to Docker over a Unix socket, and to nothing else`));
  }
  if (hasTls) notes.push(leftOut("TLS to Docker: the agent speaks over a Unix socket, run it on Docker's host"));
  return [...notes, ...Object.entries(eventFilter).flatMap(([key, values]) => aboutEvents(key, values))];
}

/** Events the agent listens to, whoever they are of; it then looks whether anything that counts has changed. */
const EVENTS = "start stop die health_status kill pause unpause rename destroy connect disconnect".split(" ");

function aboutEvents(key: string, values: readonly string[]): Note[] {
  const others = key === "event" ? values.filter((value) => !EVENTS.includes(value)) : values;
  if (others.length === 0) return [];
  const what = `event filter ${key}=${others.map(quoted).join(", ")}`;
  return key === "event"
    ? [leftOut(`${what}: the agent's events are fixed, ${EVENTS.join(", ")}`)]
    : [differs(`${what}: an event of another container makes nothing new unless something that counts has changed`)];
}
