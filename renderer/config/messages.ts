import type * as z from "zod";
import { describeValue, hasOwnMessage, kindOf } from "./expectation.ts";
import { KnownKeys, valueAt } from "./known-keys.ts";
import { publishedSchema } from "./published-schema.ts";
import type { ConfigText } from "./text.ts";

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** One mistake, and where it begins in the text. */
interface Problem {
  readonly path: Path;
  readonly at: "key" | "value";
  readonly message: string;
  /** The path of a missing key, or the one that a misspelled key most likely meant. */
  readonly missing?: string;
  readonly meant?: string;
}

/** Returns what zod found as `file:line:column: path: what is wrong; what to do`, one message for each mistake. */
export function explainIssues(issues: readonly Issue[], source: ConfigText): string[] {
  const explainer = new Explainer(source.value);
  const found = issues.flatMap((issue) => explainer.explain(issue, issue.path));
  const problems = found.filter((problem) => !found.some((other) => isCausedBy(problem, other)));
  // Of several problems of one value the first is reported; its correction corrects the others.
  const firsts = new Map(problems.toReversed().map((problem) => [keyOf(problem), problem]));
  return [...firsts.values()]
    .map(({ path, at, message }) => ({ path, at, message, offset: source.offsetOf(path, at) }))
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ path, at, message }) => `${source.placeOf(path, at)}: ${message}`);
}

/** Whether the other problem is an unknown key that also causes this one. */
function isCausedBy({ path, at, missing }: Problem, other: Problem): boolean {
  if (other.at !== "key" || (at === "key" && path.join() === other.path.join())) return false;
  const parent = other.path.slice(0, -1).join(".");
  // The key is missing under its right name, or the mapping lacks something because of it.
  if (at === "value" && (path.join(".") === parent || (missing !== undefined && missing === other.meant))) return true;
  // Without `format` the rules of the other kind of target were applied.
  return other.path.length === 3 && other.meant === `${parent}.format` && path.join(".").startsWith(`${parent}.`);
}

function keyOf({ path, at, message }: Problem): string {
  return at === "key" ? message : path.join(".");
}

/** Explains issues with one file. */
class Explainer {
  readonly #file: unknown;
  readonly #keys: KnownKeys;

  constructor(file: unknown) {
    this.#file = file;
    this.#keys = new KnownKeys(publishedSchema(), file);
  }

  explain(issue: Issue, path: Path): Problem[] {
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => this.#unknownKey(key, path));
    if (issue.code === "invalid_union" && issue.errors.length > 0) return this.#explainUnion(issue, path);
    return [this.#wrongValue(issue, path)];
  }

  #unknownKey(key: string, path: Path): Problem {
    const { message, meant } = this.#keys.adviceFor(key, path);
    const prefix = path.length === 0 ? "" : `${path.join(".")}: `;
    return { path: [...path, key], at: "key", message: prefix + message, ...(meant !== undefined && { meant }) };
  }

  #wrongValue(issue: Issue, path: Path): Problem {
    const value = valueAt(this.#file, path);
    const where = path.join(".");
    const message = `${where || "configuration"}: ${describeValue(issue, value, this.#keys.schemasAt(path))}`;
    return { path, at: "value", message, ...(value === undefined && { missing: where }) };
  }

  /** Explains the alternative that was most likely meant: it is of the value's kind and knows most of its keys. */
  #explainUnion(issue: z.core.$ZodIssueInvalidUnion, path: Path): Problem[] {
    const value = valueAt(this.#file, path);
    const [meant = []] = issue.errors.toSorted(
      (a, b) =>
        Number(isOtherKind(a)) - Number(isOtherKind(b)) ||
        unknownKeys(a).length - unknownKeys(b).length ||
        depth(b) - depth(a),
    );
    const known = this.#keys.at(path);
    if (kindOf(value) === "object" && hasOwnMessage(issue) && unknownKeys(meant).some((key) => known.includes(key))) {
      const conflicting = Object.keys(value as object).filter((key) => known.includes(key));
      const message = `${path.join(".")}: ${issue.message}, not ${conflicting.join(" and ")} together`;
      return [{ path: [...path, conflicting.at(-1)!], at: "key", message }];
    }
    if (depth(meant) > 0 || unknownKeys(meant).length > 0) {
      const found = meant.flatMap((inner) => this.explain(inner, [...path, ...inner.path]));
      const isMisspelled = found.some((problem) => problem.meant !== undefined);
      return isMisspelled ? found.filter(({ missing }) => missing === undefined) : found;
    }
    // A value of the right kind is explained by its own rule, unless another alternative may have been meant.
    const others = hasOwnMessage(issue) ? ["invalid_type", "invalid_value"] : ["invalid_type"];
    const ofRightKind = issue.errors.flat().find((inner) => inner.path.length === 0 && !others.includes(inner.code));
    return ofRightKind && kindOf(value) !== "nothing"
      ? this.explain(ofRightKind, path)
      : [this.#wrongValue(issue, path)];
  }
}

/** Whether an alternative takes another kind of value, such as a string where there is a mapping. */
function isOtherKind(issues: readonly Issue[]): boolean {
  return issues.some(({ code, path }) => path.length === 0 && (code === "invalid_type" || code === "invalid_value"));
}

/** The keys that are unknown to an alternative itself, not to what is in it. */
function unknownKeys(issues: readonly Issue[]): string[] {
  return issues.flatMap((issue) => (issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : []));
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}
