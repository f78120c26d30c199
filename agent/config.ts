import { parseArgs } from "node:util";
import * as z from "zod";
import { quoted } from "../shared/log.ts";
import { nearest } from "../shared/nearest.ts";
import { HostLabel } from "../shared/rpc.ts";
import { socketPathProblem } from "../shared/socket-path.ts";

const socketPath = z
  .string()
  .startsWith("/", "must be an absolute path")
  .refine((path) => socketPathProblem(path) === undefined, { error: ({ input }) => socketPathProblem(String(input)) });

const wholeNumber = (least: number) => {
  const problem = `must be a whole number of at least ${least}`;
  return z
    .string()
    .regex(/^[0-9]{1,9}$/, problem)
    .transform(Number)
    .refine((value) => value >= least, problem);
};

/** The unprivileged user to run as; its group owns the RPC socket. Root is rejected. */
const user = z
  .string()
  .regex(/^[1-9][0-9]{0,8}(:[1-9][0-9]{0,8})?$/, "must be UID or UID:GID, each a whole number of at least 1")
  .transform((text) => text.split(":").map(Number))
  .transform(([uid = 0, gid = uid]) => ({ uid, gid }));

const flag = z.boolean("takes no value").default(false);
const action = z.enum(["halt", "degrade"], "must be halt or degrade");

/** The options with their defaults. A description has the value's placeholder, two spaces and the meaning, for `--help`. */
export const Options = z.object({
  "docker-socket": socketPath
    .prefault("/var/run/docker.sock")
    .describe("PATH  Docker socket; the variable DOCKER_SOCKET sets the default"),
  socket: socketPath
    .max(100, "must have at most 100 characters, because the agent adds `.health` for a second socket")
    .prefault("/run/sallyport/agent/rpc.sock")
    .describe("PATH  RPC socket for renderers"),
  host: HostLabel.prefault("local").describe("NAME  name of this Docker host, for renderers with several agents"),
  user: user.prefault("65532:65532").describe("UID:GID  user and group to run as when started as root"),
  policy: z.string().optional().describe("FILE  policy (docs/policy.schema.json) instead of the default policy"),
  relist: wholeNumber(1).prefault("60").describe("SECONDS  interval between full lists, in case events were lost"),
  swarm: flag.describe("  also read services and tasks; the Docker socket must be that of a swarm manager"),
  "exit-when-refused": flag.describe("  exit, to be restarted, when no process listens on the Docker socket"),
  "audit-dir": z.string().default("/var/lib/sallyport/audit").describe("DIR  directory of the audit trail"),
  "audit-key": z
    .string()
    .optional()
    .describe("FILE  key that signs checkpoints (default: key in --audit-dir, created at first start)"),
  "audit-failure": action.default("halt").describe("ACTION  halt or degrade if the trail cannot be written"),
  "audit-file-bytes": wholeNumber(4_096).prefault("8388608").describe("BYTES  size at which the next file starts"),
  "audit-keep": wholeNumber(1).prefault("50").describe("COUNT  number of earlier trail files to keep"),
  "audit-keep-days": wholeNumber(0)
    .prefault("90")
    .describe("DAYS  age up to which further trail files are kept, at most ten times --audit-keep"),
});

/** The agent's configuration, parsed once from the command line. */
export type AgentConfig = Readonly<z.infer<typeof Options>>;

const known = Object.fromEntries(
  Object.keys(Options.shape).map((name) => [
    name,
    { type: ["exit-when-refused", "swarm"].includes(name) ? ("boolean" as const) : ("string" as const) },
  ]),
);

/** Parses the options of `serve`, `health` and `policy`. Returns every problem with them, each with a hint. */
export function parseConfig(args: readonly string[]): AgentConfig | { problems: string[] } {
  const { values, tokens } = parseArgs({ args: [...args], options: known, strict: false, tokens: true });
  const problems = tokens.flatMap((token) => {
    if (token.kind === "positional") return [`unexpected argument ${quoted(token.value)}; see --help`];
    if (token.kind !== "option") return [];
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (option)
      return option.type === "string" && token.value === undefined ? [`${token.rawName} requires a value`] : [];
    const near = nearest(token.name, Object.keys(known));
    return [
      `unknown option ${quoted(token.rawName)}; ${near === undefined ? "see --help" : `did you mean --${near}?`}`,
    ];
  });
  if (problems.length > 0) return { problems };
  const parsed = Options.safeParse(values);
  if (parsed.success) return Object.freeze(parsed.data);
  const describe = ({ path: [name], message }: z.core.$ZodIssue): string =>
    `--${String(name)} ${quoted(String(values[String(name)]))}: ${message}`;
  return { problems: parsed.error.issues.map(describe) };
}

/** Returns an error for each environment variable that could redirect the agent or make it disclose data. */
export function refusedVariables(names: readonly string[]): string[] {
  const refused =
    /^DOCKER_(?!SOCKET$)|^(DEBUG|NODE_(DEBUG|DEBUG_NATIVE|OPTIONS|PATH|REDIRECT_WARNINGS|V8_COVERAGE)|(HTTP|HTTPS|ALL|NO|FTP|GRPC)_PROXY)$/i;
  return names
    .filter((name) => refused.test(name))
    .map((name) => `environment variable ${quoted(name)} is set, which the agent does not permit; unset it`);
}
