import { parseArgs } from "node:util";
import { nearest } from "../shared/nearest.ts";
import { HostLabel } from "../shared/rpc.ts";
import type { User } from "./privilege.ts";

/** Longest path of a Unix socket on Linux; a longer one is cut off silently by some versions of Node. */
const MAX_SOCKET_PATH_BYTES = 107;

/** How the agent runs; made once from its command line. */
export interface AgentConfig {
  readonly dockerSocket: string;
  readonly rpcSocket: string;
  readonly host: string;
  readonly user: User;
  readonly policyFile: string | undefined;
  readonly only: { readonly projects: string[]; readonly networks: string[]; readonly labels: string[] };
  readonly relistMs: number;
  /** End when Docker's socket refuses: a bind-mounted socket of a restarted Engine is an old one. */
  readonly exitWhenRefused: boolean;
  readonly audit: {
    readonly directory: string;
    readonly keyFile: string | undefined;
    readonly onFailure: "halt" | "degrade";
    readonly maxBytes: number;
    readonly keep: number;
  };
}

const text = { type: "string" } as const;
const list = { type: "string", multiple: true } as const;

const options = {
  "docker-socket": { ...text, default: "/var/run/docker.sock" },
  socket: { ...text, default: "/run/sallyport/agent/rpc.sock" },
  host: { ...text, default: "local" },
  user: { ...text, default: "65532:65532" },
  policy: text,
  "only-project": list,
  "only-network": list,
  "only-label": list,
  relist: { ...text, default: "60" },
  "exit-when-refused": { type: "boolean", default: false },
  "audit-dir": { ...text, default: "/var/lib/sallyport/audit" },
  "audit-key": text,
  "audit-failure": { ...text, default: "halt" },
  "audit-file-bytes": { ...text, default: String(8 * 1024 * 1024) },
  "audit-keep": { ...text, default: "50" },
} as const;

/** The options of `serve`, `health` and `policy explain`, or every problem with them, each with its mend. */
export function parseConfig(args: readonly string[]): AgentConfig | { problems: string[] } {
  const problems: string[] = [];
  const values = readOptions(args, problems);
  if (!values) return { problems };
  const [uid, gid] = values.user.split(":").map((part) => wholeNumber("--user", part, 1, problems));
  for (const name of ["docker-socket", "socket"] as const) checkSocketPath(`--${name}`, values[name], problems);
  if (!HostLabel.safeParse(values.host).success) {
    problems.push(`--host ${values.host.slice(0, 64)}: letters, digits, dot, dash and underscore, at most 64`);
  }
  const onFailure = (["halt", "degrade"] as const).find((word) => word === values["audit-failure"]);
  if (!onFailure) problems.push(`--audit-failure ${values["audit-failure"].slice(0, 64)}: must be halt or degrade`);
  const config: AgentConfig = {
    dockerSocket: values["docker-socket"],
    rpcSocket: values.socket,
    host: values.host,
    user: { uid: uid ?? 0, gid: gid ?? uid ?? 0 },
    policyFile: values.policy,
    only: {
      projects: values["only-project"] ?? [],
      networks: values["only-network"] ?? [],
      labels: values["only-label"] ?? [],
    },
    exitWhenRefused: values["exit-when-refused"],
    relistMs: 1_000 * wholeNumber("--relist", values.relist, 1, problems),
    audit: {
      directory: values["audit-dir"],
      keyFile: values["audit-key"],
      onFailure: onFailure ?? "halt",
      maxBytes: wholeNumber("--audit-file-bytes", values["audit-file-bytes"], 4_096, problems),
      keep: wholeNumber("--audit-keep", values["audit-keep"], 1, problems),
    },
  };
  return problems.length > 0 ? { problems } : Object.freeze(config);
}

/** Environment variables that would make the agent talk to something else, or say more than it may. */
export function refusedVariables(names: readonly string[]): string[] {
  const isRefused = (name: string): boolean => {
    const upper = name.toUpperCase();
    if (["DEBUG", "NODE_DEBUG", "NODE_OPTIONS", "NODE_V8_COVERAGE"].includes(upper)) return true;
    return upper.startsWith("DOCKER_") || /^(HTTP|HTTPS|ALL|NO|FTP|GRPC)_PROXY$/.test(upper);
  };
  return names.filter(isRefused).map((name) => `${name} is set: the agent does not start with it, unset it`);
}

function readOptions(args: readonly string[], problems: string[]) {
  const { values, tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === "positional") problems.push(`${token.value.slice(0, 64)}: unexpected word`);
    if (token.kind !== "option") continue;
    if (!Object.hasOwn(options, token.name)) {
      const near = nearest(token.name, Object.keys(options));
      problems.push(
        `${token.rawName.slice(0, 64)}: unknown option${near === undefined ? "" : `, did you mean --${near}?`}`,
      );
    } else if (token.value === undefined && token.name !== "exit-when-refused")
      problems.push(`${token.rawName}: needs a value`);
  }
  // Without problems, every option has the type of the table above.
  return problems.length > 0 ? undefined : (values as ReturnType<typeof strictly>);
}

function strictly(args: string[]) {
  return parseArgs({ args, options }).values;
}

function wholeNumber(name: string, raw: string, least: number, problems: string[]): number {
  const value = /^[0-9]{1,9}$/.test(raw) ? Number(raw) : Number.NaN;
  if (!(value >= least)) problems.push(`${name} ${raw.slice(0, 64)}: must be a whole number from ${least}`);
  return value;
}

function checkSocketPath(name: string, path: string, problems: string[]): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    problems.push(
      `${name} ${path}: ${bytes} bytes, a socket's path has at most ${MAX_SOCKET_PATH_BYTES}: choose a shorter one`,
    );
  }
  if (!path.startsWith("/")) problems.push(`${name} ${path.slice(0, 64)}: must be an absolute path`);
}
