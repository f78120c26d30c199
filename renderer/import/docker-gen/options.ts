import type { Generation } from "./generation.ts";

/** How an option is written: a `list` may be repeated, `pairs` are KEY=VALUE and may be repeated. */
export type OptionKind = "bool" | "text" | "number" | "list" | "pairs";

/** One option of docker-gen: its flag, its key in a configuration file, or both. */
export interface Option {
  readonly flag?: string;
  /** Lower case. docker-gen ignores the case of keys. */
  readonly key?: string;
  readonly kind: OptionKind;
  readonly field?: keyof Generation;
  /** Whether docker-gen reads it next to `-config`. It ignores all others then. */
  readonly isGlobal?: true;
}

/** All options of docker-gen 0.17, and former keys that it ignores. docs/reference/docker-gen.md has a row for each. */
export const OPTIONS: readonly Option[] = [
  { flag: "version", kind: "bool", isGlobal: true },
  { flag: "config", kind: "list", isGlobal: true },
  { flag: "endpoint", kind: "text", isGlobal: true },
  { flag: "tlscert", kind: "text", isGlobal: true },
  { flag: "tlskey", kind: "text", isGlobal: true },
  { flag: "tlscacert", kind: "text", isGlobal: true },
  { flag: "tlsverify", kind: "bool", isGlobal: true },
  { flag: "event-filter", kind: "pairs", isGlobal: true },
  { key: "template", kind: "text", field: "template" },
  { key: "dest", kind: "text", field: "dest" },
  { flag: "watch", key: "watch", kind: "bool", field: "watch" },
  { flag: "wait", key: "wait", kind: "text", field: "wait" },
  { flag: "interval", key: "interval", kind: "number", field: "interval" },
  { flag: "keep-blank-lines", key: "keepblanklines", kind: "bool", field: "keepBlankLines" },
  { flag: "only-exposed", key: "onlyexposed", kind: "bool", field: "onlyExposed" },
  { flag: "only-published", key: "onlypublished", kind: "bool", field: "onlyPublished" },
  { flag: "include-stopped", key: "includestopped", kind: "bool", field: "includeStopped" },
  { flag: "container-filter", key: "containerfilter", kind: "pairs", field: "containerFilter" },
  { flag: "notify", key: "notifycmd", kind: "text", field: "notifyCommand" },
  { flag: "notify-output", key: "notifyoutput", kind: "bool", field: "notifyOutput" },
  { flag: "notify-sighup", kind: "list" },
  { flag: "notify-container", key: "notifycontainers", kind: "list", field: "notifyContainers" },
  { flag: "notify-filter", key: "notifycontainersfilter", kind: "pairs", field: "notifyFilter" },
  { flag: "notify-signal", key: "notifycontainerssignal", kind: "number", field: "notifySignal" },
];

/** Keys of a configuration file that docker-gen silently ignores. */
export const IGNORED_KEYS: ReadonlySet<string> = new Set(["onlyexposed", "onlypublished", "includestopped"]);

/** Environment variables of docker-gen. */
export const VARIABLES = [
  "DOCKER_HOST",
  "DOCKER_CERT_PATH",
  "DOCKER_TLS_VERIFY",
  "DOCKER_CONTAINER_FILTERS",
  "HOSTNAME",
  "HOME",
  "HTTP_PROXY",
  "HTTPS_PROXY",
] as const;

/** Variables that have no effect on Sallyport, and why. */
export const UNUSED_VARIABLES: Readonly<Record<string, string>> = {
  HOSTNAME: "docker-gen finds its own container by it; the renderer does not need it",
  HOME: "docker-gen looks for TLS files there; Sallyport does not use TLS to Docker",
  HTTP_PROXY: "neither the agent nor the renderer uses a network",
  HTTPS_PROXY: "neither the agent nor the renderer uses a network",
};
