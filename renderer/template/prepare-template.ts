import Handlebars from "handlebars";
import { nearest } from "../../shared/nearest.ts";
import { callProblem } from "./call-rules.ts";
import { nameProblem, ROOT_SCOPE, type Scope, scopeOfBlock } from "./name-rules.ts";
import type { Syntax } from "./formats/format.ts";
import { type Part, placeProblems } from "./outline.ts";
import type { Signature } from "./signature.ts";
import { TemplateError } from "./template-error.ts";
import { firstName } from "./template-kind.ts";

/** The helper that prints. Every `{{value}}` becomes a call of it; no template can write a name with a space. */
export const PRINT = " print";

export const BLOCKS: readonly string[] = ["if", "unless", "each", "with"];

/** Deepest nesting of blocks. */
const MAX_DEPTH = 50;

/** What the templates of one kind of target may use. */
export interface TemplateRules {
  readonly blocks: readonly string[];
  readonly helpers: ReadonlyMap<string, Signature>;
  /** Names of the other templates of the target. */
  readonly partials: readonly string[];
  /** How the rendered file is read, if values bring their own quotes. */
  readonly syntax?: Syntax | undefined;
  /** Receives a message about a value that some container may choose so that it cannot be printed. */
  readonly hint?: (message: string) => void;
  /** Whether names at the top of the template are checked. A partial uses the value that is passed to it. */
  readonly checksNames: boolean;
}

/** Where in a template a node is. */
interface Place {
  /** Blocks around it. */
  readonly depth: number;
  /** Set inside `eachHost` and inline partials, which see only their own value. */
  readonly sealed?: Seal;
  readonly scope: Scope;
}

/** A part of a template that must not name anything outside of it. */
interface Seal {
  readonly message: string;
  /** Blocks inside of it that change the value. */
  readonly records: number;
}

const HOST_SEAL: Seal = {
  message: "inside eachHost only fields of the host are possible, because its text is cached until the host changes",
  records: 0,
};

const INLINE_SEAL: Seal = {
  message: "inside an inline partial only the value passed to it, and its fields, are possible",
  records: 0,
};

/** Checks a parsed template and makes every `{{value}}` a call of PRINT. Throws TemplateError at the first violation. */
export function prepareTemplate(tree: hbs.AST.Program, text: string, rules: TemplateRules): void {
  const visitor = new TemplateVisitor(tree, text, rules);
  visitor.accept(tree);
  visitor.finish();
}

class TemplateVisitor extends Handlebars.Visitor {
  readonly #tree: hbs.AST.Program;
  readonly #rules: TemplateRules;
  readonly #inlinePartials: readonly string[];
  readonly #lines: readonly string[];
  #place: Place;
  /** What the current block prints. */
  #parts: Part[] = [];
  /** Whether the current expression names only fields that are plain for every container. */
  #isPlain = true;
  #hasHosts = false;
  #containers: hbs.AST.SourceLocation | undefined;

  constructor(tree: hbs.AST.Program, text: string, rules: TemplateRules) {
    super();
    this.#tree = tree;
    this.#lines = text.split(/\r\n?|\n/);
    this.#rules = rules;
    this.#inlinePartials = tree.body.flatMap((node) => inlineName(node) ?? []);
    this.#place = { depth: 0, scope: rules.checksNames ? ROOT_SCOPE : undefined };
  }

  /** Rejects a template of a template target in an nginx target, where its output would be empty. */
  finish(): void {
    if (this.#containers && !this.#hasHosts && this.#rules.blocks.includes("eachHost")) {
      reject(this.#containers, "`containers` is for targets with `format`");
    }
    this.#checkPlaces(this.#parts);
  }

  #checkPlaces(parts: readonly Part[]): void {
    const { syntax, hint } = this.#rules;
    for (const { hole, problem, isHint } of syntax ? placeProblems(parts, syntax) : []) {
      const message = `${hole.name} ${problem}`;
      if (isHint) hint?.(`${placeOf(hole.loc)}: ${message}`);
      else reject(hole.loc, message);
    }
  }

  override ContentStatement({ value }: hbs.AST.ContentStatement): void {
    this.#parts.push(value);
  }

  override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
    const { path, params, hash, loc, escaped } = statement;
    const what = originalOf(path);
    if (!escaped) reject(loc, "unescaped output ({{{ or &) is not possible");
    this.#isPlain = true;
    const isCall = params.length > 0 || (hash as hbs.AST.Hash | undefined) !== undefined || this.#isHelper(what);
    if (isCall) this.SubExpression(statement as unknown as hbs.AST.SubExpression);
    else this.accept(path);
    const source = this.#sourceOf(statement, isCall);
    const isPlain = this.#isPlain || PLAIN_RESULTS.has(what);
    if (what === "raw" || what === "include") this.#parts.push(undefined);
    else if (what !== "fail") this.#parts.push({ name: what, source, loc, isInner: what === "inner", isPlain });
    Object.assign(statement, {
      path: { type: "PathExpression", data: false, depth: 0, parts: [PRINT], original: PRINT, loc },
      params: [
        isCall ? { type: "SubExpression", path, params, hash, loc } : path,
        { type: "StringLiteral", value: what, original: what, loc },
        { type: "StringLiteral", value: source, original: source, loc },
      ],
      hash: undefined,
    });
  }

  override SubExpression({ path, params, hash, loc }: hbs.AST.SubExpression): void {
    const name = originalOf(path);
    const signature = this.#rules.helpers.get(name);
    if (!signature) reject(loc, this.#unknownHelper(name));
    rejectIf(loc, callProblem(signature, params, hash));
    this.acceptArray(params);
    this.accept(hash);
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    const { path, params, hash, program, inverse, loc } = block;
    const name = originalOf(path);
    rejectIf(loc, this.#blockProblem(name, params.length));
    if (name === "eachHost" && this.#place.sealed)
      reject(loc, "eachHost is not possible here: it is a loop over all hosts");
    if (name === "eachHost") this.#hasHosts = true;
    this.acceptArray(params);
    this.accept(hash);
    const scope = scopeOfBlock(block, this.#place.scope);
    const inside = { depth: this.#place.depth + 1, scope, ...sealOfBlock(name, this.#place.sealed) };
    const parts = [this.#inside(inside, program), this.#inside(this.#place, inverse)] as const;
    const [isTrue, isFalse] = name === "unless" ? [parts[1], parts[0]] : parts;
    this.#parts.push({ isTrue, isFalse });
  }

  override PathExpression(path: hbs.AST.PathExpression): void {
    const { original, parts, data, depth, loc } = path;
    this.#isPlain &&= PLAIN_FIELDS.has(String(parts.at(-1)));
    if (firstName(path) === "containers") this.#containers ??= loc;
    const { sealed, scope } = this.#place;
    if (sealed) {
      const isOwn = data ? depth < sealed.records && parts[0] !== "root" : depth <= sealed.records;
      if (!isOwn) reject(loc, sealed.message);
    }
    if (!data && depth === 0 && parts[0] !== undefined) rejectIf(loc, nameProblem(original, parts[0], scope));
  }

  override PartialStatement({ name, params, hash, loc }: hbs.AST.PartialStatement): void {
    if (name.type === "SubExpression") reject(loc, "the name of a partial must be fixed");
    if (this.#place.sealed?.message === INLINE_SEAL.message) reject(loc, "an inline partial cannot use a partial");
    if (params.length > 1) reject(loc, "a partial takes one value");
    const called = originalOf(name);
    const known = [...this.#rules.partials, ...this.#inlinePartials];
    if (!known.includes(called))
      reject(loc, `unknown partial ${quoted(called)}${didYouMean(called, known) || "; add its file to `template`"}`);
    this.acceptArray(params);
    this.accept(hash);
    this.#parts.push(undefined);
  }

  override PartialBlockStatement({ loc }: hbs.AST.PartialBlockStatement): void {
    reject(loc, "a partial cannot be a block");
  }

  override Decorator({ loc }: hbs.AST.Decorator): void {
    reject(loc, "decorators are not possible");
  }

  /** An inline partial: `{{#*inline "name"}}`. It uses no other partial, so calls never recur or multiply. */
  override DecoratorBlock(block: hbs.AST.DecoratorBlock): void {
    const { loc, program } = block;
    const name = inlineName(block);
    if (name === undefined)
      reject(loc, 'decorators are not possible, except {{#*inline "name"}} with letters, digits and -');
    if (!this.#tree.body.includes(block)) reject(loc, "an inline partial must be outside of every block");
    const uses = [...this.#rules.partials, ...this.#inlinePartials].filter((other) => other === name);
    if (uses.length > 1) reject(loc, `another partial is named ${name}`);
    this.#checkPlaces(this.#inside({ depth: 1, scope: undefined, sealed: INLINE_SEAL }, program));
  }

  /** Visits a block. Returns what it prints. */
  #inside(place: Place, program: hbs.AST.Program | undefined): readonly Part[] {
    if (!program) return [];
    if (place.depth > MAX_DEPTH) reject(program.loc, `nested deeper than ${MAX_DEPTH}`);
    const outer = this.#place;
    const hasOwnNames = ((program.blockParams as readonly string[] | undefined)?.length ?? 0) > 0;
    this.#place = hasOwnNames ? { ...place, scope: undefined } : place;
    const outerParts = this.#parts;
    const parts: Part[] = [];
    this.#parts = parts;
    this.accept(program);
    this.#parts = outerParts;
    this.#place = outer;
    return parts;
  }

  /** The expression of a `{{value}}` as the template has it, as an argument of `inner`. */
  #sourceOf({ path, loc: { start, end } }: hbs.AST.MustacheStatement, isCall: boolean): string {
    const lines = this.#lines.slice(start.line - 1, end.line);
    lines[lines.length - 1] = lines.at(-1)!.slice(0, end.column);
    const source = lines
      .join(" ")
      .slice(start.column)
      .replace(/^\{\{~?\s*|\s*~?\}\}$/g, "");
    if (originalOf(path) === "inner") return source.replace(/^inner\s+/, "");
    return isCall ? `(${source})` : source;
  }

  #isHelper(name: string): boolean {
    return this.#rules.helpers.has(name);
  }

  #unknownHelper(name: string): string {
    const known = [...this.#rules.helpers.keys()];
    if (known.length === 0) return `unknown helper ${quoted(name)}: helpers are for targets with \`format\``;
    return `unknown helper ${quoted(name)}${didYouMean(name, known) || "; see docs/reference/template-helpers.md"}`;
  }

  #blockProblem(name: string, values: number): string | undefined {
    const { blocks } = this.#rules;
    if (!blocks.includes(name)) {
      if (name === "eachHost") return "eachHost is a loop over nginx's hosts, for targets without `format`";
      return `${quoted(name)} is not a block; blocks are ${blocks.join(", ")}${didYouMean(name, blocks)}`;
    }
    if (values === (name === "eachHost" ? 0 : 1)) return undefined;
    return name === "eachHost"
      ? "eachHost takes no value"
      : `${name} takes one value; put a helper and its arguments in parentheses`;
  }
}

/** Fields that are plain for every container, and helpers whose result is. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set(
  "id shortId name state health createdAt startedAt ip ipv4 ipv6 ports port proto published index".split(" "),
);
const PLAIN_RESULTS: ReadonlySet<string> = new Set(
  "hostPort mustBeHost mustBeInt mustBeIntInRange int len add sha1".split(" "),
);

function sealOfBlock(name: string, outer: Seal | undefined): { readonly sealed?: Seal } {
  if (name === "eachHost") return { sealed: HOST_SEAL };
  if (!outer) return {};
  return { sealed: { ...outer, records: outer.records + Number(name === "each" || name === "with") } };
}

function inlineName(node: hbs.AST.Statement): string | undefined {
  if (node.type !== "DecoratorBlock") return undefined;
  const { path, params, hash } = node as hbs.AST.DecoratorBlock;
  const [name] = params as hbs.AST.StringLiteral[];
  const isInline =
    originalOf(path) === "inline" && params.length === 1 && (hash as hbs.AST.Hash | undefined) === undefined;
  const isName = name?.type === "StringLiteral" && /^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(name.value);
  return isInline && isName ? name.value : undefined;
}

function originalOf(path: hbs.AST.PathExpression | hbs.AST.Literal): string {
  return String((path as { readonly original?: string | number | boolean }).original ?? path.type);
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64));
}

function didYouMean(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

function rejectIf(loc: hbs.AST.SourceLocation, problem: string | undefined): void {
  if (problem !== undefined) reject(loc, problem);
}

function reject(loc: hbs.AST.SourceLocation, problem: string): never {
  throw new TemplateError("template.forbidden", `${placeOf(loc)}: ${problem}`);
}

/** `file:line:column`, as editors count. */
export function placeOf({ source, start }: hbs.AST.SourceLocation): string {
  return `${source}:${start.line}:${start.column + 1}`;
}
