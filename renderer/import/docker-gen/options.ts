/** How an option is given: `list` may be repeated, `pairs` are key=value and may be repeated. */
export type OptionKind = "bool" | "text" | "number" | "list" | "pairs";

/** One option of docker-gen: its flag, its key in a configuration file, or both. */
export interface Option {
  readonly flag?: string;
  /** Lower case, for files are read whatever the case. */
  readonly key?: string;
  readonly kind: OptionKind;
  /** Also counts when `-config` is given; all others are ignored then. */
  readonly isGlobal?: true;
}

/** Everything docker-gen takes (0.17), and keys it once took and now ignores. docs/reference/docker-gen.md has a row for each. */
export const OPTIONS: readonly Option[] = [
  { flag: "version", kind: "bool", isGlobal: true },
  { flag: "config", kind: "list", isGlobal: true },
  { flag: "endpoint", kind: "text", isGlobal: true },
  { flag: "tlscert", kind: "text", isGlobal: true },
  { flag: "tlskey", kind: "text", isGlobal: true },
  { flag: "tlscacert", kind: "text", isGlobal: true },
  { flag: "tlsverify", kind: "bool", isGlobal: true },
  { flag: "event-filter", kind: "pairs", isGlobal: true },
  { key: "template", kind: "text" },
  { key: "dest", kind: "text" },
  { flag: "watch", key: "watch", kind: "bool" },
  { flag: "wait", key: "wait", kind: "text" },
  { flag: "interval", key: "interval", kind: "number" },
  { flag: "keep-blank-lines", key: "keepblanklines", kind: "bool" },
  { flag: "only-exposed", key: "onlyexposed", kind: "bool" },
  { flag: "only-published", key: "onlypublished", kind: "bool" },
  { flag: "include-stopped", key: "includestopped", kind: "bool" },
  { flag: "container-filter", key: "containerfilter", kind: "pairs" },
  { flag: "notify", key: "notifycmd", kind: "text" },
  { flag: "notify-output", key: "notifyoutput", kind: "bool" },
  { flag: "notify-sighup", kind: "list" },
  { flag: "notify-container", key: "notifycontainers", kind: "list" },
  { flag: "notify-filter", key: "notifycontainersfilter", kind: "pairs" },
  { flag: "notify-signal", key: "notifycontainerssignal", kind: "number" },
];

/** Keys of a configuration file that docker-gen no longer looks at, without saying so. */
export const DEAD_KEYS: ReadonlySet<string> = new Set(["onlyexposed", "onlypublished", "includestopped"]);

/** Variables of docker-gen's environment that change what it does. */
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

/** Those of them that have nothing to do here, and why. */
export const IDLE_VARIABLES: Readonly<Record<string, string>> = {
  HOSTNAME: "docker-gen finds its own container by it; the renderer does not need to",
  HOME: "docker-gen looks for TLS files there; there is no TLS to Docker",
  HTTP_PROXY: "neither agent nor renderer uses a network",
  HTTPS_PROXY: "neither agent nor renderer uses a network",
};
