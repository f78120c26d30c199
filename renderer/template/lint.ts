import { nearest } from "../../shared/nearest.ts";

/** Longest template, in bytes: a hundred times what ours is. */
export const MAX_TEMPLATE_BYTES = 256 * 1024;

/** Blocks that every template may open. */
export const BLOCKS: readonly string[] = ["if", "unless", "each", "with"];

/** Those of nginx's template. */
const HOST_BLOCKS = [...BLOCKS, "eachHost"];

/** Deepest nesting of blocks. */
const MAX_DEPTH = 50;

/** What a template may not do, and where. */
export interface LintProblem {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

/** The part of Handlebars' syntax tree that is read here. */
interface Node {
  readonly type: string;
  readonly path?: { readonly original?: unknown };
  readonly depth?: number;
  readonly data?: boolean;
  readonly parts?: readonly unknown[];
  readonly params?: readonly unknown[];
  readonly escaped?: boolean;
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } };
  readonly name?: { readonly type: string };
  readonly [member: string]: unknown;
}

/** Where in the tree a node stands. */
interface Place {
  readonly blocks: number;
  /** Blocks that name another record, around this one inside `eachHost`; undefined outside of it. */
  readonly insideHost?: number;
  /** Whether there are other templates to name. */
  readonly hasPartials: boolean;
}

/** Refuses what prints unescaped text or lets data choose code: triple braces, decorators, dynamic partials. */
export function lint(tree: unknown, hasPartials = false): LintProblem[] {
  return [...walk(tree, { blocks: 0, hasPartials })];
}

function* walk(value: unknown, place: Place): Generator<LintProblem> {
  if (Array.isArray(value)) for (const item of value) yield* walk(item, place);
  if (!isNode(value)) return;
  const problem = place.blocks > MAX_DEPTH ? `nested deeper than ${MAX_DEPTH}` : faultOf(value, place);
  if (problem !== undefined) {
    const { line = 0, column = 0 } = value.loc?.start ?? {};
    yield { line, column, problem };
    return;
  }
  for (const [member, child] of Object.entries(value)) {
    if (member !== "loc") yield* walk(child, member === "program" ? inside(value, place) : place);
  }
}

/** The place of what stands between a block's tags. */
function inside({ type, path }: Node, place: Place): Place {
  if (type !== "BlockStatement") return place;
  const blocks = place.blocks + 1;
  if (path?.original === "eachHost") return { ...place, blocks, insideHost: 0 };
  if (place.insideHost === undefined) return { ...place, blocks };
  const isOtherRecord = path?.original === "each" || path?.original === "with";
  return { ...place, blocks, insideHost: place.insideHost + Number(isOtherRecord) };
}

function faultOf(
  { type, escaped, name, path, params, depth = 0, data, parts }: Node,
  { insideHost, hasPartials }: Place,
): string | undefined {
  if (type === "BlockStatement") {
    const problem = faultOfBlock(String(path?.original), params?.length ?? 0, hasPartials ? BLOCKS : HOST_BLOCKS);
    if (problem !== undefined) return problem;
  }
  if (type === "MustacheStatement" && escaped === false) return "unescaped output ({{{ or &) is not possible";
  if (type === "Decorator" || type === "DecoratorBlock") return "decorators are not possible";
  if (insideHost !== undefined) {
    if (path?.original === "eachHost") return "eachHost cannot stand inside eachHost";
    const isOfBlock = data !== true || (depth < insideHost && parts?.[0] !== "root");
    if (type === "PathExpression" && (depth > insideHost || !isOfBlock))
      return "inside eachHost only what belongs to the host can be named: its text is kept until it changes";
  }
  const isPartial = type === "PartialStatement" || type === "PartialBlockStatement";
  if (isPartial && !hasPartials) return "there is no other template: partials are for targets with `format`";
  return isPartial && name?.type === "SubExpression" ? "a partial's name must be fixed" : undefined;
}

function faultOfBlock(name: string, values: number, blocks: readonly string[]): string | undefined {
  if (!blocks.includes(name)) {
    if (name === "eachHost") return "eachHost goes through nginx's hosts, in a target without `format`";
    const near = nearest(name, blocks);
    const advice = near === undefined ? "" : `, did you mean ${near}?`;
    return `a block is one of ${blocks.join(", ")}; ${name} is none${advice}`;
  }
  if (name === "eachHost" || values === 1) return undefined;
  return `${name} takes one value; a helper with its arguments stands in parentheses`;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
