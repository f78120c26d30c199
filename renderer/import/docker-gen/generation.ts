/** docker-gen's KEY=VALUE filters: values by key. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** One file that docker-gen generates, in docker-gen's terms. */
export interface Generation {
  /** Where it is configured: the command line, or a place in a file. */
  readonly source: string;
  readonly template: string;
  /** Empty: standard output. */
  readonly dest: string;
  readonly watch: boolean;
  readonly wait: string;
  /** Seconds; 0 is never. */
  readonly interval: number;
  readonly keepBlankLines: boolean;
  readonly onlyExposed: boolean;
  readonly onlyPublished: boolean;
  readonly includeStopped: boolean;
  readonly containerFilter: Filters;
  readonly notifyCommand: string;
  readonly notifyOutput: boolean;
  /** Signal number by container; -1 restarts. */
  readonly notifyContainers: Readonly<Record<string, number>>;
  readonly notifyFilter: Filters;
  readonly notifySignal: number;
}

/** docker-gen's defaults on the command line. */
export const DEFAULTS: Omit<Generation, "source"> = {
  template: "",
  dest: "",
  watch: false,
  wait: "",
  interval: 0,
  keepBlankLines: false,
  onlyExposed: false,
  onlyPublished: false,
  includeStopped: false,
  containerFilter: {},
  notifyCommand: "",
  notifyOutput: false,
  notifyContainers: {},
  notifyFilter: {},
  notifySignal: 1,
};

/** Groups KEY=VALUE texts by key. Ignores texts without `=`, as docker-gen does. */
export function groupPairs(texts: readonly string[]): Filters {
  const filters: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const text of texts) {
    const [key, value] = splitPair(text);
    if (value !== undefined) (filters[key] ??= []).push(value);
  }
  return { ...filters };
}

/** Splits at the first `=`. The value is undefined without one. */
export function splitPair(text: string): readonly [key: string, value: string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
