import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { diagnostic, type Diagnostic } from "./diagnostic.ts";
import type { Parsed } from "./grammar.ts";

/** What containers may only ask for when the operator says so: `containersMay` of a target. */
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

/** One thing a container may ask for. Every value has a grammar; what is outside of it is dropped with a remark. */
export interface OptionRule<T> {
  /** The environment variable; nginx-proxy's name where it has one. */
  readonly env?: string;
  /** Our label, without `sallyport.`. Labels win over the environment. */
  readonly label: string;
  /** nginx-proxy's label, without its prefix. */
  readonly theirLabel?: string;
  readonly needs?: Permission;
  readonly parse: (raw: string) => Parsed<T>;
}

/** A rule for each thing that can be asked for. */
export type OptionRules<S> = { readonly [K in keyof S]-?: OptionRule<NonNullable<S[K]>> };

export interface ReadOptions<S> {
  readonly values: S;
  readonly remarks: readonly Diagnostic[];
}

const OUR_LABELS = "sallyport.";
const THEIR_LABELS = "com.github.nginx-proxy.nginx-proxy.";

/** Where a thing can be said: variables or labels by their whole names. */
export function namesOf(
  { env, label, theirLabel }: Pick<OptionRule<unknown>, "env" | "label" | "theirLabel">,
  from: "env" | "label",
): readonly string[] {
  if (from === "env") return env === undefined ? [] : [env];
  return [OUR_LABELS + label, ...(theirLabel === undefined ? [] : [THEIR_LABELS + theirLabel])];
}

/** What a container says of one thing, and where: the label first. Empty is as good as absent. */
export function rawOption(
  { container: { env, labels } }: InventoryContainer,
  { env: variable, label, theirLabel }: Pick<OptionRule<unknown>, "env" | "label" | "theirLabel">,
): { readonly name: string; readonly raw: string } | undefined {
  const places: [name: string, raw: string | undefined][] = [
    [OUR_LABELS + label, labels[OUR_LABELS + label]],
    ...(theirLabel === undefined ? [] : [[THEIR_LABELS + theirLabel, labels[THEIR_LABELS + theirLabel]] as const]),
    ...(variable === undefined ? [] : [[variable, env[variable]] as const]),
  ].map(([name, raw]) => [name!, raw]);
  const [name, raw] = places.find(([, text]) => text !== undefined && text.trim() !== "") ?? [];
  return name === undefined || raw === undefined ? undefined : { name, raw: raw.trim() };
}

/** All that a container asks for, of one scope. */
export function readOptions<S extends object>(
  known: InventoryContainer,
  rules: OptionRules<S>,
  permitted: ReadonlySet<Permission>,
): ReadOptions<S> {
  const values: Partial<S> = {};
  const remarks: Diagnostic[] = [];
  for (const key of keysOf(rules)) {
    const rule = rules[key];
    for (const { from, name, reason } of known.container.refused) {
      if (namesOf(rule, from).includes(name))
        remarks.push(diagnostic(known, "option.refused", `${name} was withheld: ${reason}; it is left out`));
    }
    const said = rawOption(known, rule);
    if (!said) continue;
    const parsed = rule.needs && !permitted.has(rule.needs) ? forbidden(rule.needs) : rule.parse(said.raw);
    if (parsed.kind === "ok") values[key] = parsed.value;
    else remarks.push(diagnostic(known, "option.refused", `${said.name}: ${parsed.why}; it is left out`, said.raw));
  }
  return { values: values as S, remarks };
}

/** What one claimant asks for, and who it is. */
export interface OptionClaim<S> {
  readonly who: Omit<Diagnostic, "reason" | "detail" | "value">;
  readonly values: S;
}

/** Of several claimants the first that says something decides; the others are told. Give them oldest first. */
export function joinOptions<S extends object>(
  claims: readonly OptionClaim<S>[],
  rules: OptionRules<S>,
): ReadOptions<S> {
  const values: Partial<S> = {};
  const deciders = new Map<keyof S, string>();
  const remarks: Diagnostic[] = [];
  for (const { who, values: wanted } of claims) {
    for (const key of keysOf(rules)) {
      const value = wanted[key];
      if (value === undefined) continue;
      if (values[key] === undefined) {
        values[key] = value;
        deciders.set(key, who.name);
      } else if (JSON.stringify(values[key]) !== JSON.stringify(value)) {
        const detail = `${rules[key].env ?? OUR_LABELS + rules[key].label}: ${deciders.get(key)}, which is older, says otherwise`;
        remarks.push({ ...who, reason: "option.conflict", detail });
      }
    }
  }
  return { values: values as S, remarks };
}

function forbidden(needs: Permission): { readonly kind: "refused"; readonly why: string } {
  return { kind: "refused", why: `containers may not choose this here (\`containersMay: [${needs}]\` lets them)` };
}

function keysOf<S>(rules: OptionRules<S>): (keyof S)[] {
  return Object.keys(rules) as (keyof S)[];
}
