/** Longest template, in bytes: a hundred times what ours is. */
export const MAX_TEMPLATE_BYTES = 256 * 1024;

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
  readonly escaped?: boolean;
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } };
  readonly name?: { readonly type: string };
  readonly [member: string]: unknown;
}

/** Refuses what prints unescaped text or lets data choose code: triple braces, decorators, dynamic partials. */
export function lint(tree: unknown): LintProblem[] {
  return [...walk(tree, 0)];
}

function* walk(value: unknown, depth: number): Generator<LintProblem> {
  if (Array.isArray(value)) for (const item of value) yield* walk(item, depth);
  if (!isNode(value)) return;
  const problem = depth > MAX_DEPTH ? `nested deeper than ${MAX_DEPTH}` : faultOf(value);
  if (problem !== undefined) {
    const { line = 0, column = 0 } = value.loc?.start ?? {};
    yield { line, column, problem };
    return;
  }
  const inner = value.type === "BlockStatement" ? depth + 1 : depth;
  for (const [member, child] of Object.entries(value)) if (member !== "loc") yield* walk(child, inner);
}

function faultOf({ type, escaped, name }: Node): string | undefined {
  if (type === "MustacheStatement" && escaped === false) return "unescaped output ({{{ or &) is not possible";
  if (type === "Decorator" || type === "DecoratorBlock") return "decorators are not possible";
  const isPartial = type === "PartialStatement" || type === "PartialBlockStatement";
  return isPartial && name?.type === "SubExpression" ? "a partial's name must be fixed" : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
