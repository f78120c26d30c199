import { Document, isMap, isSeq, type Node } from "yaml";
import { parseBoolean } from "../../routes/option-values.ts";
import { importFilters } from "../docker-gen/filters.ts";
import type { Filters } from "../docker-gen/generation.ts";
import { differs, leftOut, type Note, quoted } from "../docker-gen/note.ts";
import { sentence } from "../docker-gen/print.ts";
import { accessLogOf } from "./access-log.ts";
import { readInternalNetworks } from "./internal-networks.ts";
import type { Word } from "./setting.ts";
import { statusPageOf } from "./status-page.ts";
import { EVERYBODY, VARIABLES } from "./variables.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the parts of one way to run are. */
export interface Layout {
  readonly agentSocket: string;
  readonly statusSocket: string;
  readonly template: string;
  readonly channel: string;
  /** The certificates as the renderer sees them, and as nginx does. */
  readonly certificates: string;
  readonly certificatesInNginx: string;
  /** nginx is another container, known by its label. */
  readonly isSeparate: boolean;
}

/** Files of nginx-proxy's that are settings, as they are found: text, or undefined when there is none. */
export interface SettingFiles {
  readonly internalNetworks?: string | undefined;
  /** Name servers of resolv.conf. */
  readonly resolvers?: readonly string[] | undefined;
}

/** The configuration for what nginx-proxy was told, or every variable that says nothing it can say. */
export type ImportedProxy =
  | { readonly kind: "imported"; readonly yaml: string; readonly policy: string; readonly notes: readonly Note[] }
  | { readonly kind: "failed"; readonly problems: readonly string[] };

const LABEL = "com.github.nginx-proxy.nginx-proxy.nginx";

/** Pure: nginx-proxy's environment and files as the renderer's configuration and the agent's policy. */
export function importNginxProxy(env: Environment, files: SettingFiles, layout: Layout): ImportedProxy {
  const strict = parseBoolean(env["SALLYPORT_STRICT"] || "false");
  const read = readVariables(env);
  const log = accessLogOf(env);
  const page = statusPageOf(env);
  const twice = portTwice(env);
  const problems = [
    ...read.problems,
    ...("problem" in page ? [page.problem] : []),
    ...(twice === undefined ? [] : [twice]),
    ...("problem" in log ? [log.problem] : []),
    ...(strict.kind === "invalid" ? [`SALLYPORT_STRICT: ${strict.reason}`] : []),
  ];
  if (problems.length > 0) return { kind: "failed", problems };
  const isStrict = strict.kind === "ok" && strict.value;
  const filters = readFilters(env["DOCKER_CONTAINER_FILTERS"] ?? "");
  const internal = files.internalNetworks === undefined ? undefined : readInternalNetworks(files.internalNetworks);
  const target = baseTarget(layout, isStrict, files);
  if ("accessLog" in log) put(target, ["nginx", "accessLog"], log.accessLog);
  if (internal?.networks) put(target, ["nginx", "internalNetworks"], internal.networks);
  if (filters.where.length > 0) put(target, ["containers", "where"], filters.where);
  if (filters.onlyPublished) put(target, ["containers", "onlyPublished"], true);
  if (filters.onlyExposed) target["onlyExposed"] = true;
  for (const { at, value } of read.values) put(target, at, value);
  const label = env["NGINX_CONTAINER_LABEL"] || LABEL;
  const notes = [...read.notes, ...filters.notes, ...(internal?.notes ?? []), ...(isStrict ? [] : [COMPATIBLE])];
  const yaml = print({ target, notes, layout, label, page: "page" in page ? page.page : undefined });
  return { kind: "imported", yaml, policy: policyFor(filters.labels, layout.isSeparate ? label : undefined), notes };
}

const COMPATIBLE = differs(
  "as with nginx-proxy containers may say everything, share names with other projects, and are sent requests before " +
    "their first health check; forwarded headers of anybody count unless TRUST_DOWNSTREAM_PROXY is false. " +
    "SALLYPORT_STRICT=true ends all four",
);

interface Read {
  readonly values: readonly { readonly at: readonly string[]; readonly value: Word }[];
  readonly notes: readonly Note[];
  readonly problems: readonly string[];
}

/** An empty variable is as good as none, as nginx-proxy has it. */
function readVariables(env: Environment): Read {
  const found = Object.entries(VARIABLES).map(([name, setting]): Read => {
    const raw = (env[name] ?? "").trim();
    if (raw === "") return { values: [], notes: [], problems: [] };
    if (setting.kind === "told") return { values: [], notes: [setting.note(raw) ?? []].flat(), problems: [] };
    if (name === "DEFAULT_ROOT" && raw === "none") return { values: [], notes: [NO_ROOT], problems: [] };
    const parsed = setting.parse(raw);
    if (parsed.kind === "invalid") {
      return { values: [], notes: [], problems: [`${name}: ${quoted(raw)} is ${parsed.reason}`] };
    }
    return { values: setting.at.map((at) => ({ at, value: parsed.value })), notes: [], problems: [] };
  });
  return {
    values: found.flatMap(({ values }) => values),
    notes: found.flatMap(({ notes }) => notes),
    problems: found.flatMap(({ problems }) => problems),
  };
}

/** A port is for one purpose. */
function portTwice(env: Environment): string | undefined {
  const ports = Object.entries({ HTTP_PORT: "80", HTTPS_PORT: "443", SALLYPORT_STATUS_PORT: "" })
    .map(([name, usual]) => [name, (env[name] ?? "").trim() || usual] as const)
    .filter(([, port]) => port !== "");
  const [name, port] = ports.findLast(([, one], at) => ports.findIndex(([, other]) => other === one) !== at) ?? [];
  return name === undefined ? undefined : `${name}: ${quoted(port)} is the port of something else already`;
}

const NO_ROOT = leftOut("DEFAULT_ROOT=none: a path that no container claims is answered 404");

type Target = Record<string, unknown>;

function baseTarget(layout: Layout, isStrict: boolean, { resolvers = [] }: SettingFiles): Target {
  const { template, channel, certificates, certificatesInNginx } = layout;
  return {
    template,
    destination: "/etc/nginx/conf.d/default.conf",
    onlyExposed: false,
    wait: "100ms:500ms",
    listen: 80,
    routing: isStrict ? {} : { containersMay: "all", sharedHosts: true, health: "started" },
    nginx: {
      version: "1.26",
      ...(isStrict ? {} : { trustedProxies: EVERYBODY }),
      ...(resolvers.length > 0 && { resolvers }),
      files: {
        vhosts: "/etc/nginx/vhost.d",
        passwords: "/etc/nginx/htpasswd",
        errors: "/usr/share/nginx/html/errors",
        proxy: "/etc/nginx/proxy.conf",
      },
    },
    https: {
      certificates,
      ...(certificates === certificatesInNginx ? {} : { certificatesInNginx }),
      listen: 443,
      port: 443,
      challenges: "/usr/share/nginx/html",
    },
    reload: { channel },
  };
}

function put(target: Target, [first = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    target[first] = value;
    return;
  }
  const inner = (target[first] ?? {}) as Target;
  target[first] = inner;
  put(inner, rest, value);
}

/** `key=value,key=value`, as `docker ps --filter` has them. */
function readFilters(raw: string): ReturnType<typeof importFilters> & { readonly labels: readonly string[] } {
  const filters: Record<string, string[]> = {};
  const words = raw.split(",").map((word) => word.trim());
  const odd = words.filter((word) => word !== "" && !word.includes("="));
  for (const word of words.filter((one) => one.includes("="))) {
    const [key, value] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
    filters[key] = [...(filters[key] ?? []), value];
  }
  const imported = importFilters(filters satisfies Filters);
  const notes = odd.map((word) => leftOut(`DOCKER_CONTAINER_FILTERS: ${quoted(word)} has no =`));
  const labels = (filters["label"] ?? []).map((label) => label.replace(/=.*$/s, ""));
  return { ...imported, notes: [...imported.notes, ...notes], labels };
}

/** What the agent discloses beside the usual: labels that something here is decided by. */
function policyFor(labels: readonly string[], proxyLabel: string | undefined): string {
  const names = [...labels, ...(proxyLabel === undefined ? [] : [proxyLabel])];
  const usable = names.filter((name) => /^[\x21-\x29\x2b-\x7e]{1,255}$/.test(name));
  return `${JSON.stringify({ labels: [...new Set(usable)].toSorted() }, undefined, 2)}\n`;
}

interface Printable {
  readonly target: Target;
  readonly notes: readonly Note[];
  readonly layout: Layout;
  readonly label: string;
  readonly page: unknown;
}

function print({ target, notes, layout, label, page }: Printable): string {
  const document = new Document({
    agents: [{ socket: layout.agentSocket }],
    proxy: layout.isSeparate ? { label } : "self",
    statusSocket: layout.statusSocket,
    ...(page !== undefined && { statusPage: page }),
    targets: [target],
  });
  const lines = [
    "Made of nginx-proxy's environment by `sallyport-renderer import nginx-proxy`.",
    ...notes.map(sentence),
  ];
  document.commentBefore = lines.map((line) => ` ${line}`).join("\n");
  flow(document.contents);
  return document.toString({ lineWidth: 0 });
}

/** Lists of words stand on one line, as people write them. */
function flow(node: Node | null): void {
  if (isSeq(node) && node.items.every((item) => !isMap(item) && !isSeq(item))) node.flow = true;
  else if (isMap(node) || isSeq(node)) {
    for (const item of node.items) flow((isMap(node) ? (item as { value: Node | null }).value : item) as Node | null);
  }
}
