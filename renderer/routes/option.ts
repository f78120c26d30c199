import type { InventoryContainer } from "../inventory/inventory-change.ts";
import {
  diagnostic,
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticSubject,
  type Problem,
  subjectOf,
  WITHHELD,
  withheld,
} from "./diagnostic.ts";
import { type Invalid, type Parsed, unquoted } from "./grammar.ts";
import { isFromImage } from "./owner.ts";

/** Settings that containers may make only with permission: `containersMay` of a target. */
export const PERMISSIONS = [
  "regex",
  "hsts",
  "sslPolicy",
  "serverTokens",
  "clientCertificates",
  "ports",
  "debugEndpoint",
  "permanentRedirects",
  "acmeAuthority",
  "satisfyAny",
  "imageValues",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface OptionNames {
  /** The environment variable; nginx-proxy's name where it has one. */
  readonly env?: string;
  /** Sallyport's label, without `sallyport.`. Labels take precedence over the environment. */
  readonly label: string;
  /** nginx-proxy's label, without its prefix. */
  readonly nginxProxyLabel?: string;
  /** Concerns more than the container itself, such as host names. An image may set it only with permission. */
  readonly isRequest?: boolean;
  readonly needs?: Permission;
}

/** One setting of a container. Invalid values are ignored and reported, unless the option restricts access. */
export interface OptionRule<T> extends OptionNames {
  /**
   * Whether a value restricts access. It needs no permission and prevails over others. A value that cannot be parsed
   * closes the container's paths.
   */
  readonly restricts?: (value: T) => boolean;
  /** Returns what restricts access as two different values do; undefined if nothing does. Without it, nothing does. */
  readonly both?: (one: T, other: T) => T | undefined;
  readonly parse: (raw: string) => Parsed<T>;
}

/** Makes a rule whose type is that of its parser. */
export function option<T>(parse: OptionRule<T>["parse"], rule: Omit<OptionRule<T>, "parse">): OptionRule<T> {
  return { ...rule, parse };
}

/** The values of options, undefined where they are not set. */
export type OptionValues<Rules> = {
  readonly [K in keyof Rules]?: Rules[K] extends OptionRule<infer T> ? T : never;
};

export type OptionRules<S> = { readonly [K in keyof S]-?: OptionRule<NonNullable<S[K]>> };

export interface ParsedOptions<S> {
  readonly values: S;
  readonly remarks: readonly Diagnostic[];
  /** Options that would restrict access and cannot be applied. */
  readonly faults: readonly OptionFault[];
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

export const UNTIL_THEN = "until then nginx responds with 503 for the container's paths";

/** What to do about an option that would restrict access. */
export const CLOSED = `correct or remove it; ${UNTIL_THEN}`;

/** An option that would restrict access and cannot be applied. */
export type OptionFault = Required<Pick<Problem, "where" | "problem" | "hint">> & Pick<Problem, "value">;

/** Returns the full names of the variables or labels that set an option. */
export function namesOf({ env, label, nginxProxyLabel }: OptionNames, from: "env" | "label"): readonly string[] {
  if (from === "env") return env === undefined ? [] : [env];
  return [LABELS + label, ...(nginxProxyLabel === undefined ? [] : [NGINX_PROXY_LABELS + nginxProxyLabel])];
}

/** Returns what a container sets: the first label that counts and is not empty, else the variable. */
export function rawOption(
  known: InventoryContainer,
  names: OptionNames,
  permissions: ReadonlySet<Permission> = new Set(),
): RawOption | undefined {
  const written = writtenOptions(known, names);
  return written.find(({ isImages }) => !isImages || mayComeFromImage(names, permissions));
}

/** Returns a diagnostic if only the image sets an option that images may not set. */
export function imageRemark(
  known: InventoryContainer,
  names: OptionNames,
  permissions: ReadonlySet<Permission> = new Set(),
): Diagnostic | undefined {
  const [first] = writtenOptions(known, names);
  if (!first || rawOption(known, names, permissions)) return undefined;
  const { read } = known.container.fromImage;
  const problem = read
    ? "set by the image, which may not set this option"
    : "counts as set by the image, because the agent could not inspect the image";
  const own = `${LABELS}${names.label}`;
  const set = first.name === own ? `set another value of the label` : `set the label \`${own}\``;
  const hint = read
    ? `${set} when you run the container, or allow it by \`containersMay: [imageValues]\``
    : "see the agent's log, or allow it by `containersMay: [imageValues]`";
  const value = { where: first.name, value: first.raw, isValid: true };
  return diagnostic(subjectOf(known), "value.image", { ...value, problem, hint });
}

/** Returns all labels and variables that set an option, in the order of precedence; empty ones only on request. */
function writtenOptions(
  { container }: InventoryContainer,
  names: OptionNames,
  withEmpty = false,
): (RawOption & { readonly isImages: boolean })[] {
  return (["label", "env"] as const).flatMap((from) =>
    namesOf(names, from).flatMap((name) => {
      const source = from === "env" ? container.env : container.labels;
      const raw = Object.hasOwn(source, name) ? source[name]!.trim() : undefined;
      return raw === undefined || (raw === "" && !withEmpty)
        ? []
        : [{ name, raw, isImages: isFromImage(container, from, name) }];
    }),
  );
}

function mayComeFromImage({ isRequest = false, needs }: OptionNames, permissions: ReadonlySet<Permission>): boolean {
  return permissions.has("imageValues") || (!isRequest && needs === undefined);
}

export function parseOptions<S extends object>(
  known: InventoryContainer,
  rules: OptionRules<S>,
  permissions: ReadonlySet<Permission>,
): ParsedOptions<S> {
  const values: Partial<S> = {};
  const remarks: Diagnostic[] = [];
  const faults: OptionFault[] = [];
  const subject = subjectOf(known);
  for (const key of keysOf(rules)) {
    const rule = rules[key];
    for (const one of known.container.refused) {
      if (!namesOf(rule, one.from).includes(one.name)) continue;
      if (rule.restricts) faults.push({ where: one.name, ...WITHHELD[one.reason] });
      else remarks.push(withheld(subject, "option.refused", one));
    }
    const restriction = rule.restricts && restrictionOf(known, rule, rule.restricts);
    faults.push(...(restriction?.faults ?? []));
    if (restriction?.value !== undefined) {
      values[key] = restriction.value;
      continue;
    }
    const option = rawOption(known, rule, permissions);
    if (!option) {
      const ignored = imageRemark(known, rule, permissions);
      if (ignored) remarks.push(ignored);
      continue;
    }
    if (faults.some(({ where }) => where === option.name)) continue;
    const { name: where, raw: value } = option;
    if (rule.needs && !permissions.has(rule.needs)) {
      remarks.push(diagnostic(subject, "option.refused", { where, ...forbidden(rule.needs) }));
      continue;
    }
    const parsed = rule.parse(value);
    if (parsed.kind === "ok") values[key] = parsed.value;
    else {
      const { problem, hint = IGNORED } = problemOf(value, parsed, rule.parse);
      remarks.push(diagnostic(subject, "option.refused", { where, value, problem, hint }));
    }
  }
  return { values: values as S, remarks, faults };
}

/** Returns what is wrong with a value, and what to write instead if that is known. */
function problemOf(
  raw: string,
  { reason: problem, hint }: Invalid,
  parse: (raw: string) => Parsed<unknown>,
): Pick<Problem, "problem" | "hint"> {
  const isQuoted = hint === undefined && unquoted(raw) !== raw && parse(unquoted(raw)).kind === "ok";
  if (isQuoted) return { problem: "quotes are part of the value", hint: "remove the quotes" };
  return { problem, ...(hint !== undefined && { hint }) };
}

/**
 * Returns the value that restricts access, if any label or variable has one, and those that cannot be parsed. An empty
 * one cannot, unless the image sets it: `NETWORK_ACCESS=$UNSET` was meant to restrict.
 */
function restrictionOf<T>(
  known: InventoryContainer,
  rule: OptionRule<T>,
  restricts: (value: T) => boolean,
): { readonly value: T | undefined; readonly faults: readonly OptionFault[] } {
  const faults: OptionFault[] = [];
  let value: T | undefined;
  for (const { name: where, raw, isImages } of writtenOptions(known, rule, true)) {
    if (raw === "" && isImages) continue;
    const parsed = rule.parse(raw);
    if (parsed.kind === "invalid") {
      const { problem, hint } = problemOf(raw, parsed, rule.parse);
      faults.push({ where, value: raw, problem, hint: hint === undefined ? CLOSED : `${hint}; ${UNTIL_THEN}` });
    } else if (restricts(parsed.value)) value ??= parsed.value;
  }
  return { value, faults };
}

/** The options that apply to what several containers serve together. */
export interface MergedOptions<S> extends Pick<ParsedOptions<S>, "values" | "remarks"> {
  /** Values that restrict access and cannot all apply; `remarks` has them, too. */
  readonly faults: readonly Diagnostic[];
}

export interface ContainerOptions<S> {
  readonly subject: DiagnosticSubject;
  readonly values: S;
}

/**
 * Merges the options of several containers, oldest first: all values that restrict access apply, else the first value. Values
 * that cannot all apply are faults.
 */
export function mergeOptions<S extends object>(
  containers: readonly ContainerOptions<S>[],
  rules: OptionRules<S>,
): MergedOptions<S> {
  const values: Partial<S> = {};
  const remarks: Diagnostic[] = [];
  const faults: Diagnostic[] = [];
  for (const key of keysOf(rules)) {
    const { restricts = () => false, both = () => undefined, env, label } = rules[key];
    const own = containers.flatMap(({ subject, values: { [key]: value } }) =>
      value == null ? [] : [{ subject, value }],
    );
    const source = own.find(({ value }) => restricts(value)) ?? own[0];
    if (!source) continue;
    const where = env ?? LABELS + label;
    let applied = source.value;
    for (const { subject, value } of own) {
      if (isSame(value, source.value)) continue;
      const report = (code: DiagnosticCode, why: string, hint: string): Diagnostic => {
        const problem = `conflicts with container ${source.subject.container}${why}`;
        return diagnostic(subject, code, { where, problem, hint });
      };
      if (!restricts(value)) {
        const why = restricts(source.value) ? "which restricts access" : "which was created first";
        remarks.push(report("option.conflict", `, ${why}`, SAME));
        continue;
      }
      const joined = isSame(value, applied) ? value : both(applied, value);
      const fault = joined === undefined && report("access.closed", ", and nginx cannot apply both", CLOSED_UNTIL_SAME);
      if (fault) faults.push(fault);
      remarks.push(fault || report("option.conflict", "; both apply", SAME));
      applied = joined ?? applied;
    }
    values[key] = applied;
  }
  return { values: values as S, remarks, faults };
}

const SAME = "set the same value on both";

const CLOSED_UNTIL_SAME = `${SAME}; until then what they serve together is closed`;

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function forbidden(needs: Permission): { readonly problem: string; readonly hint: string } {
  return {
    problem: "containers may not set this option",
    hint: `remove it, or allow it by \`containersMay: [${needs}]\` in the renderer's configuration`,
  };
}

function keysOf<S>(rules: OptionRules<S>): (keyof S)[] {
  return Object.keys(rules) as (keyof S)[];
}
