import { parseArgs } from "node:util";
import * as z from "zod";
import { nearest } from "../shared/nearest.ts";
import { HostLabel } from "../shared/rpc.ts";

/** Longest path of a Unix socket on Linux; a longer one is cut off silently by some versions of Node. */
const MAX_SOCKET_PATH_BYTES = 107;

const socketPath = z
  .string()
  .startsWith("/", "must be an absolute path")
  .refine((path) => Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES, {
    error: ({ input }) =>
      `${Buffer.byteLength(String(input))} bytes, a socket's path has at most ${MAX_SOCKET_PATH_BYTES}: choose a shorter one`,
  });

const wholeNumber = (least: number) => {
  const problem = `must be a whole number from ${least}`;
  return z
    .string()
    .regex(/^[0-9]{1,9}$/, problem)
    .transform(Number)
    .refine((value) => value >= least, problem);
};

/** The unprivileged user the agent becomes, and the group of its RPC socket. Root is none. */
const user = z
  .string()
  .regex(/^[1-9][0-9]{0,8}(:[1-9][0-9]{0,8})?$/, "must be UID:GID, each a whole number from 1")
  .transform((text) => text.split(":").map(Number))
  .transform(([uid = 0, gid = uid]) => ({ uid, gid }));

const names = z.array(z.string()).default([]);

/** The options by their names, with defaults; what each means is in `--help`. */
const Options = z.object({
  "docker-socket": socketPath.prefault("/var/run/docker.sock"),
  socket: socketPath.prefault("/run/sallyport/agent/rpc.sock"),
  host: HostLabel.prefault("local"),
  user: user.prefault("65532:65532"),
  policy: z.string().optional(),
  "only-project": names,
  "only-network": names,
  "only-label": names,
  relist: wholeNumber(1).prefault("60"),
  "exit-when-refused": z.boolean("takes no value").default(false),
  "audit-dir": z.string().default("/var/lib/sallyport/audit"),
  "audit-key": z.string().optional(),
  "audit-failure": z.enum(["halt", "degrade"], "must be halt or degrade").default("halt"),
  "audit-file-bytes": wholeNumber(4_096).prefault(String(8 * 1024 * 1024)),
  "audit-keep": wholeNumber(1).prefault("50"),
});

/** How the agent runs; made once from its command line. */
export type AgentConfig = Readonly<z.infer<typeof Options>>;

const known = Object.fromEntries(
  Object.keys(Options.shape).map((name) => {
    const type = name === "exit-when-refused" ? ("boolean" as const) : ("string" as const);
    return [name, { type, multiple: name.startsWith("only-") }];
  }),
);

/** The options of `serve`, `health` and `policy`, or every problem with them, each with its mend. */
export function parseConfig(args: readonly string[]): AgentConfig | { problems: string[] } {
  const { values, tokens } = parseArgs({ args: [...args], options: known, strict: false, tokens: true });
  const problems = tokens.flatMap((token) => {
    if (token.kind === "positional") return [`${token.value.slice(0, 64)}: unexpected word`];
    if (token.kind !== "option") return [];
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (option) return option.type === "string" && token.value === undefined ? [`${token.rawName}: needs a value`] : [];
    const near = nearest(token.name, Object.keys(known));
    return [`${token.rawName.slice(0, 64)}: unknown option${near === undefined ? "" : `, did you mean --${near}?`}`];
  });
  if (problems.length > 0) return { problems };
  const parsed = Options.safeParse(values);
  if (parsed.success) return Object.freeze(parsed.data);
  const describe = ({ path: [name], message }: z.core.$ZodIssue): string =>
    `--${String(name)} ${String(values[String(name)]).slice(0, 64)}: ${message}`;
  return { problems: parsed.error.issues.map(describe) };
}

/** Environment variables that would make the agent talk to something else, or say more than it may. */
export function refusedVariables(names: readonly string[]): string[] {
  const refused = /^DOCKER_|^(DEBUG|NODE_DEBUG|NODE_OPTIONS|NODE_V8_COVERAGE|(HTTP|HTTPS|ALL|NO|FTP|GRPC)_PROXY)$/i;
  return names
    .filter((name) => refused.test(name))
    .map((name) => `${name} is set: the agent does not start with it, unset it`);
}
