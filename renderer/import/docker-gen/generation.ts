/** docker-gen's `key=value` filters, by key. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** One file docker-gen generates, as it was told to, in its own terms. */
export interface Generation {
  /** Where it was read: the command line, or a file and a place in it. */
  readonly from: string;
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

export const NOTHING_TOLD: Omit<Generation, "from"> = {
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

/** `key=value` texts by key; those without `=`, which docker-gen drops, apart. */
export function groupPairs(texts: readonly string[]): { readonly filters: Filters; readonly dropped: string[] } {
  const filters: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  const dropped: string[] = [];
  for (const text of texts) {
    const equals = text.indexOf("=");
    if (equals < 0) dropped.push(text);
    else (filters[text.slice(0, equals)] ??= []).push(text.slice(equals + 1));
  }
  return { filters: { ...filters }, dropped };
}
