import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { diagnostic, type Diagnostic, type DiagnosticSubject, subjectOf, withheld } from "./diagnostic.ts";
import type { Parsed } from "./grammar.ts";

/** Settings that containers may make only with permission: `containersMay` of a target. */
export const PERMISSIONS = [
  "regex",
  "hsts",
  "sslPolicy",
  "serverTokens",
  "clientCertificates",
  "ports",
  "debugEndpoint",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Names of an option. */
export interface OptionNames {
  /** The environment variable; nginx-proxy's name where it has one. */
  readonly env?: string;
  /** Sallyport's label, without `sallyport.`. Labels take precedence over the environment. */
  readonly label: string;
  /** nginx-proxy's label, without its prefix. */
  readonly nginxProxyLabel?: string;
}

/** One setting of a container. Invalid values are ignored and reported. */
export interface OptionRule<T> extends OptionNames {
  readonly needs?: Permission;
  readonly parse: (raw: string) => Parsed<T>;
}

/** One rule per option. */
export type OptionRules<S> = { readonly [K in keyof S]-?: OptionRule<NonNullable<S[K]>> };

export interface ParsedOptions<S> {
  readonly values: S;
  readonly remarks: readonly Diagnostic[];
}

/** An option as a container sets it: the full name, and the value without surrounding whitespace. */
export interface RawOption {
  readonly name: string;
  readonly raw: string;
}

const LABELS = "sallyport.";
const NGINX_PROXY_LABELS = "com.github.nginx-proxy.nginx-proxy.";

/** What to do about an invalid option. */
export const IGNORED = "correct or remove the option, which is ignored";

/** Returns the full names of the variables or labels that set an option. */
export function namesOf({ env, label, nginxProxyLabel }: OptionNames, from: "env" | "label"): readonly string[] {
  if (from === "env") return env === undefined ? [] : [env];
  return [LABELS + label, ...(nginxProxyLabel === undefined ? [] : [NGINX_PROXY_LABELS + nginxProxyLabel])];
}

/** Returns what a container sets: the first label that is not empty, else the variable. */
export function rawOption(
  { container: { env, labels } }: InventoryContainer,
  names: OptionNames,
): RawOption | undefined {
  for (const [source, from] of [
    [labels, "label"],
    [env, "env"],
  ] as const) {
    for (const name of namesOf(names, from)) {
      const raw = Object.hasOwn(source, name) ? source[name]!.trim() : "";
      if (raw !== "") return { name, raw };
    }
  }
  return undefined;
}

/** Parses all options of a container, of one scope. */
export function parseOptions<S extends object>(
  known: InventoryContainer,
  rules: OptionRules<S>,
  permissions: ReadonlySet<Permission>,
): ParsedOptions<S> {
  const values: Partial<S> = {};
  const remarks: Diagnostic[] = [];
  const subject = subjectOf(known);
  for (const key of keysOf(rules)) {
    const rule = rules[key];
    for (const one of known.container.refused)
      if (namesOf(rule, one.from).includes(one.name)) remarks.push(withheld(subject, "option.refused", one));
    const option = rawOption(known, rule);
    if (!option) continue;
    const { name: where, raw: value } = option;
    if (rule.needs && !permissions.has(rule.needs)) {
      remarks.push(diagnostic(subject, "option.refused", { where, ...forbidden(rule.needs) }));
      continue;
    }
    const parsed = rule.parse(value);
    if (parsed.kind === "ok") values[key] = parsed.value;
    else remarks.push(diagnostic(subject, "option.refused", { where, value, problem: parsed.reason, hint: IGNORED }));
  }
  return { values: values as S, remarks };
}

/** The options of one container. */
export interface ContainerOptions<S> {
  readonly subject: DiagnosticSubject;
  readonly values: S;
}

/** Merges the options of several containers, oldest first: the first value of each option applies. */
export function mergeOptions<S extends object>(
  containers: readonly ContainerOptions<S>[],
  rules: OptionRules<S>,
): ParsedOptions<S> {
  const values: Partial<S> = {};
  const sources = new Map<keyof S, string>();
  const remarks: Diagnostic[] = [];
  for (const { subject, values: own } of containers) {
    for (const key of keysOf(rules)) {
      const value = own[key];
      if (value === undefined) continue;
      if (values[key] === undefined) {
        values[key] = value;
        sources.set(key, subject.container);
      } else if (JSON.stringify(values[key]) !== JSON.stringify(value)) {
        const where = rules[key].env ?? LABELS + rules[key].label;
        const problem = `conflicts with container ${sources.get(key)}, which was created first`;
        remarks.push(diagnostic(subject, "option.conflict", { where, problem, hint: "set the same value on both" }));
      }
    }
  }
  return { values: values as S, remarks };
}

/** What is wrong with an option that needs a permission. */
export function forbidden(needs: Permission): { readonly problem: string; readonly hint: string } {
  return {
    problem: "containers may not set this option",
    hint: `remove it, or allow it by \`containersMay: [${needs}]\` in the renderer's configuration`,
  };
}

function keysOf<S>(rules: OptionRules<S>): (keyof S)[] {
  return Object.keys(rules) as (keyof S)[];
}
