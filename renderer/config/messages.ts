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

/** Most issues, and most unknown keys of a mapping, that are explained. More messages than this do not help. */
const MAX_EXPLAINED = 100;

/** Returns what zod found as `file:line:column: path: what is wrong; what to do`, one message for each mistake. */
export function explainIssues(issues: readonly Issue[], source: ConfigText): string[] {
  const explainer = new Explainer(source.value);
  const found = issues.slice(0, MAX_EXPLAINED).flatMap((issue) => explainer.explain(issue, issue.path));
  // Of several problems of one value the first is reported; its correction corrects the others.
  const firsts = new Map(
    withoutConsequences(found)
      .toReversed()
      .map((problem) => [keyOf(problem), problem]),
  );
  return [...firsts.values()]
    .map(({ path, at, message }) => ({ path, at, message, offset: source.offsetOf(path, at) }))
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ path, at, message }) => `${source.placeOf(path, at)}: ${message}`);
}

/** Removes the problems that an unknown key causes. */
function withoutConsequences(problems: readonly Problem[]): Problem[] {
  const unknown = problems.filter(({ at }) => at === "key");
  const meant = new Set(unknown.map((problem) => problem.meant));
  const mappings = new Set(unknown.map(({ path }) => path.slice(0, -1).join(".")));
  return problems.filter(({ path, at, missing, meant: own }) => {
    // Without `format` the rules of the other kind of target were applied.
    const format = `${path.slice(0, 2).join(".")}.format`;
    if (path[0] === "targets" && meant.has(format)) return own === format;
    // The key is missing under its right name, or the mapping lacks something because of it.
    return at === "key" || (!mappings.has(path.join(".")) && (missing === undefined || !meant.has(missing)));
  });
}

function keyOf({ path, at, message }: Problem): string {
  return at === "key" ? message : path.join(".");
}

class Explainer {
  readonly #file: unknown;
  readonly #keys: KnownKeys;

  constructor(file: unknown) {
    this.#file = file;
    this.#keys = new KnownKeys(publishedSchema(), file);
  }

  explain(issue: Issue, path: Path): Problem[] {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.slice(0, MAX_EXPLAINED).map((key) => this.#unknownKey(key, path));
    }
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

  /** Explains the alternative that was most likely meant: it is of the value's kind and has most of its keys. */
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
