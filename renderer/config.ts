import { isMap, LineCounter, parseDocument, type Document } from "yaml";
import * as z from "zod";
import { nearest } from "../shared/nearest.ts";
import { parseDuration } from "./duration.ts";

/** Longest path of a Unix socket on Linux, in bytes. */
const MAX_SOCKET_PATH_BYTES = 107;

/** Signals that make a server read its configuration again, or reopen its files. None ends it. */
const SIGNALS = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

const path = z.string().regex(/^\/[^\0]*$/, "must be an absolute path");
const socketPath = path.refine((text) => Buffer.byteLength(text) <= MAX_SOCKET_PATH_BYTES, {
  error: ({ input }) =>
    `${String(input)} has ${Buffer.byteLength(String(input))} bytes, a socket's path has at most ${MAX_SOCKET_PATH_BYTES}: choose a shorter one`,
});
const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.addIssue(`${text} is not a duration such as 100ms, 1s or 2m`);
  return z.NEVER;
});
const words = z.array(z.string().min(1)).min(1);
const command = z.strictObject({ command: words, timeout: duration.prefault("10s") });

const Wait = z.string().transform((text, context) => {
  const [min, max] = text.split(":").map(parseDuration);
  if (min !== undefined && max !== undefined && max >= min) return { minMs: min, maxMs: max };
  context.addIssue(`${text} is not min:max, two durations such as 100ms:1s`);
  return z.NEVER;
});

const Reload = z.union([
  z.literal("none"),
  z.strictObject({ channel: path }),
  z.strictObject({ exec: command }),
  z.strictObject({
    signal: z.union([
      z.strictObject({ process: z.string().min(1).max(15), signal: z.enum(SIGNALS).default("SIGHUP") }),
      z.strictObject({ pidFile: path, signal: z.enum(SIGNALS).default("SIGHUP") }),
    ]),
  }),
]);

const Proxy = z.union([
  z.literal("host"),
  z.strictObject({ label: z.string().min(1) }),
  z.strictObject({ container: z.string().min(1) }),
]);

const Target = z.strictObject({
  template: path,
  destination: path,
  onlyExposed: z.boolean().default(true),
  listen: z.int().min(1).max(65_535).default(8080),
  wait: Wait.prefault("100ms:1s"),
  check: command.optional(),
  reload: Reload,
});

const Config = z.strictObject({
  agents: z.array(z.strictObject({ socket: socketPath })).min(1),
  proxy: Proxy.default({ label: "sallyport.proxy=true" }),
  statusSocket: socketPath.default("/tmp/status.sock"),
  targets: z.array(Target).min(1),
});

export type Config = z.infer<typeof Config>;
export type Target = z.infer<typeof Target>;
export type ReloadRule = z.infer<typeof Reload>;

/** The configuration of a file's text, or every problem with it, as `file:line:column: what, and the mend`. */
export function parseConfig(text: string, file: string): Config | { readonly problems: string[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    return { problems: document.errors.map(({ message, pos }) => `${at(pos[0])}: ${message}`) };
  }
  const parsed = Config.safeParse(document.toJS());
  if (!parsed.success) {
    const found = parsed.error.issues.flatMap((issue) => describe(issue, issue.path, document));
    return { problems: found.map(({ offset, message }) => `${at(offset)}: ${message}`) };
  }
  const destinations = parsed.data.targets.map(({ destination }) => destination);
  const twice = destinations.find((name, index) => destinations.indexOf(name) !== index);
  return twice === undefined
    ? parsed.data
    : { problems: [`${file}: two targets have the destination ${twice}: give each its own`] };
}

interface Found {
  readonly offset: number;
  readonly message: string;
}

function describe(issue: z.core.$ZodIssue, at: readonly PropertyKey[], document: Document): Found[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ offset: offsetOf([...at, key], document), message: unknownKey(key, at) }));
  }
  if (issue.code === "invalid_union") return describeUnion(issue, at, document);
  const where = at.map(String).join(".") || "the configuration";
  return [{ offset: offsetOf(at, document), message: `${where}: ${issue.message}` }];
}

/** Of the alternatives, the one that came furthest is the one that was meant. */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, at: readonly PropertyKey[], document: Document): Found[] {
  const meant = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
  if (depth(meant) === 0 && meant.every(({ code }) => code !== "unrecognized_keys")) {
    const where = at.map(String).join(".");
    return [{ offset: offsetOf(at, document), message: `${where}: ${choices[String(at.at(-1))] ?? issue.message}` }];
  }
  return meant.flatMap((inner) => describe(inner, [...at, ...inner.path], document));
}

const choices: Readonly<Record<string, string>> = {
  reload: "must be `none`, or have one of `channel`, `signal`, `exec`",
  signal: "needs `process` or `pidFile`, and may have `signal` (SIGHUP, SIGUSR1 or SIGUSR2)",
  proxy: "must be `host`, or have one of `label`, `container`",
};

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

const known: Readonly<Record<string, readonly string[]>> = {
  "": Object.keys(Config.shape),
  agents: ["socket"],
  proxy: ["label", "container"],
  targets: Object.keys(Target.shape),
  check: ["command", "timeout"],
  reload: ["channel", "signal", "exec", "none"],
  signal: ["process", "pidFile", "signal"],
  exec: ["command", "timeout"],
};

function unknownKey(key: string, at: readonly PropertyKey[]): string {
  const parent = at.findLast((part) => typeof part === "string") ?? "";
  const near = nearest(key, known[parent] ?? []);
  const where = at.map(String).join(".");
  return `${where === "" ? "" : `${where}: `}unknown key "${key}"${near === undefined ? "" : `, did you mean "${near}"?`}`;
}

/** Where a path of keys stands in the text: at its key, or where its nearest parent begins. */
function offsetOf(at: readonly PropertyKey[], document: Document): number {
  for (let length = at.length; length > 0; length--) {
    const parent = document.getIn(at.slice(0, length - 1), true);
    const key = at[length - 1];
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === String(key)) : undefined;
    const node = pair?.key ?? document.getIn(at.slice(0, length), true);
    const range = (node as { range?: readonly number[] } | undefined)?.range;
    if (range?.[0] !== undefined) return range[0];
  }
  return 0;
}
