import * as z from "zod";
import { ContainersOfTarget, fileKeys, generalKeys, misplacedKeys } from "./template-target.ts";
import { conflicts } from "./conflicts.ts";
import { explainIssues, type Wording } from "./messages.ts";
import { socketPathProblem } from "../../shared/socket-path.ts";
import { readConfigText } from "./text.ts";
import { parseDuration } from "../../shared/duration.ts";
import { Nginx, PRESET_CHOICES, PRESET_KEYS, Routing } from "./nginx-target.ts";
import { StatusPageSettings } from "./status-page.ts";
import { path, plainPath, portNumber } from "./plain-path.ts";
import { CHOICES_OF_PREDICATES, PREDICATE_FIELDS } from "../select/rule.ts";

/** Bounds of `interval` and `reloadEvery`, in milliseconds: a look costs a read, and a timer of Node has an end. */
const MIN_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 86_400_000;

/** Signals that make a server read its configuration again, or reopen its files. None ends it. */
const SIGNALS = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

const socketPath = path.refine((text) => socketPathProblem(text) === undefined, {
  error: ({ input }) => `${String(input)} ${socketPathProblem(String(input))}`,
});
const duration = z.string("must be a duration such as 100ms, 1s or 2m").transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue(`${text} is not a duration such as 100ms, 1s or 2m`);
  return z.NEVER;
});
const period = duration.refine((ms) => ms >= MIN_INTERVAL_MS && ms <= MAX_INTERVAL_MS, "must be from 1s to 24h");
const words = z.array(z.string().min(1)).min(1);
const command = z.strictObject({
  command: words.describe("The program and its arguments, each an entry; no shell reads them."),
  timeout: duration.prefault("10s").describe("When it is ended, as 10s."),
});

const Wait = z.string("must be min:max, two durations such as 100ms:1s").transform((text, context) => {
  const [min, max, ...more] = text.split(":").map(parseDuration);
  if (min !== undefined && max !== undefined && max >= min && more.length === 0) return { minMs: min, maxMs: max };
  context.addIssue(`${text} is not min:max, two durations such as 100ms:1s`);
  return z.NEVER;
});

const signalName = z.enum(SIGNALS).default("SIGHUP").describe("Which signal.");

const ReloadOne = [
  z.strictObject({ channel: path.describe("Directory with the FIFO that nginx's container listens on.") }),
  z.strictObject({
    exec: command
      .extend({
        logOutput: z.boolean().default(false).describe("Put what it prints into the log, also when all is well."),
      })
      .describe("A program that makes the server read its file again; it ends with 0 when it has."),
  }),
  z.strictObject({
    signal: z
      .union([
        z.strictObject({
          process: z.string().min(1).max(15).describe("Name of the server's process, as `ps` shows it."),
          signal: signalName,
        }),
        z.strictObject({ pidFile: path.describe("File with the number of the server's process."), signal: signalName }),
      ])
      .describe("A signal for a process that the renderer may see."),
  }),
] as const;

const Reload = z.union([z.literal("none"), ...ReloadOne, z.array(z.union(ReloadOne)).min(1)]);

const Proxy = z.union([
  z.literal("host"),
  z.literal("self"),
  z.strictObject({ label: z.string().min(1).describe("Key, or key=value, of the label that nginx's container has.") }),
  z.strictObject({ container: z.string().min(1).describe("Name of nginx's container.") }),
]);

const Https = z.strictObject({
  certificates: path.describe("Directory with NAME.crt and NAME.key, as the renderer sees it; watched."),
  certificatesInNginx: plainPath.optional().describe("The same directory as nginx sees it, when it is another path."),
  listen: portNumber.default(8443).describe("Port nginx listens on for TLS, inside its container."),
  port: portNumber.default(443).describe("The port that clients know it by."),
  challenges: plainPath
    .default("/usr/share/nginx/html")
    .describe("Where nginx finds /.well-known/acme-challenge/ of an ACME client."),
  challengesForUnknown: z
    .boolean()
    .default(false)
    .describe("Serve them also to who asks for a name that nobody claims, by plain HTTP."),
  http3: z.boolean().default(false).describe("HTTP/3 too, where nginx has it: publish the port for UDP as well."),
  hstsSeconds: z
    .int()
    .min(0)
    .max(63_072_000)
    .default(31_536_000)
    .describe("How long browsers shall come by TLS only; 0 does not tell them so."),
});

const Target = z.strictObject({
  ...fileKeys,
  ...generalKeys,
  containers: ContainersOfTarget.optional().describe(
    "Which containers may have routes, or are seen by a general template.",
  ),
  onlyExposed: z.boolean().default(true).describe("Leave out containers that expose no TCP port."),
  listen: z.int().min(1).max(65_535).default(8080).describe("Port nginx listens on, inside its container."),
  routing: Routing.prefault({}).describe("How containers become routes."),
  nginx: Nginx.prefault({}).describe("How nginx is set up, apart from ports and TLS."),
  https: Https.optional().describe("TLS for hosts that have a certificate; without it none."),
  keepBlankLines: z.boolean().default(true).describe("false: lines of nothing but white space are left out."),
  interval: period
    .optional()
    .describe("How often to look whether the file is still as it was written, and to write it anew if not."),
  reloadEvery: period
    .optional()
    .describe("Reload so often, though the file is the same: for readers that forget, such as a registry with leases."),
  wait: Wait.prefault("100ms:1s").describe("min:max, how long a burst of changes is waited for, at most max."),
  check: command.optional().describe("Program that checks a candidate, `{candidate}` in an argument is its path."),
  onFailure: z
    .enum(["leaveOut", "keep"])
    .default("leaveOut")
    .describe(
      "When a container breaks the file: leave it out, or keep the file as it was last good until all is well.",
    ),
  transaction: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be a name of letters, digits, dots, dashes and underlines")
    .optional()
    .describe("Targets with the same name here are published as one: all of their files, or none."),
  reload: Reload.describe(
    "How the server learns of a new file, or a list of ways: docs/how-to/choose-a-reload-method.md.",
  ),
});

/** The renderer's configuration file (YAML). docs/renderer.schema.json is made of it. */
export const ConfigFile = z.strictObject({
  $schema: z.string().optional().describe("Where an editor finds this schema; means nothing to the renderer."),
  agents: z
    .array(z.strictObject({ socket: socketPath.describe("Path of the agent's Unix socket.") }))
    .min(1)
    .describe("Who tells of containers, one for each Docker host."),
  proxy: Proxy.default({ label: "sallyport.proxy=true" }).describe("Which container is nginx: its networks matter."),
  statusSocket: socketPath.default("/tmp/status.sock").describe("Where `status` and `health` ask."),
  statusPage: StatusPageSettings.optional().describe("A page that shows how all stands; without it none is kept."),
  targets: z.array(Target).min(1).describe("The files that are kept."),
});

export type Config = z.infer<typeof ConfigFile>;
export type Target = z.infer<typeof Target>;
export type ReloadRule = z.infer<typeof Reload>;

/** The configuration of a file's text, or every problem with it, as `file:line:column: what, and the mend`. */
export function parseConfig(text: string, file: string): Config | { readonly problems: string[] } {
  const read = readConfigText(text, file);
  if ("problems" in read) return read;
  const tell = (issues: readonly z.core.$ZodIssue[]): { readonly problems: string[] } => {
    const found = explainIssues(issues, { ...read, wording });
    return { problems: found.map(({ offset, message }) => `${read.at(offset)}: ${message}`) };
  };
  const parsed = ConfigFile.safeParse(read.value);
  if (!parsed.success) return tell(parsed.error.issues);
  const odd = [...misplacedKeys(read.value), ...conflicts(parsed.data)];
  if (odd.length === 0) return parsed.data;
  return tell(odd.map(({ path: where, message }) => ({ code: "custom", path: [...where], message, input: undefined })));
}

const wording: Wording = {
  known: {
    "": Object.keys(ConfigFile.shape),
    agents: ["socket"],
    proxy: ["label", "container"],
    statusPage: Object.keys(StatusPageSettings.shape),
    targets: Object.keys(Target.shape),
    containers: Object.keys(ContainersOfTarget.shape),
    where: [...PREDICATE_FIELDS, "not"],
    not: PREDICATE_FIELDS,
    https: Object.keys(Https.shape),
    ...PRESET_KEYS,
    check: ["command", "timeout"],
    reload: ["channel", "signal", "exec", "none"],
    signal: ["process", "pidFile", "signal"],
    exec: ["command", "timeout", "logOutput"],
  },
  choices: {
    ...PRESET_CHOICES,
    ...CHOICES_OF_PREDICATES,
    template: "must be an absolute path, or a list of such paths",
    destination: "must be an absolute path, or -",
    reload: "must be `none`, or have one of `channel`, `signal`, `exec`, or be a list of such",
    signal: "needs `process` or `pidFile`, and may have `signal` (SIGHUP, SIGUSR1 or SIGUSR2)",
    proxy: "must be `host`, `self`, or have one of `label`, `container`",
  },
};
