import Handlebars from "handlebars";
import { tagProblems } from "./tags.ts";
import { TemplateError } from "./template-error.ts";

/** Longest template, in bytes: a hundred times Sallyport's own. */
const MAX_TEMPLATE_BYTES = 256 * 1024;

export interface TemplateText {
  readonly file: string;
  readonly text: string;
}

/** Returns the syntax tree. Throws TemplateError with file, line and column. */
export function readTemplate({ file, text }: TemplateText): hbs.AST.Program {
  if (Buffer.byteLength(text) > MAX_TEMPLATE_BYTES) {
    throw new TemplateError("template.size", `${file}: larger than ${MAX_TEMPLATE_BYTES} bytes`);
  }
  const fail = (place: Place, problem: string): never => {
    throw new TemplateError("template.syntax", `${file}:${place.line}:${place.column + 1}: ${problem}`);
  };
  if (text.includes("\0")) fail(placeAt(text, text.indexOf("\0")), "a NUL character is not text");
  const { excess, open } = tagProblems(text);
  if (excess) fail(placeAt(text, excess.offset), excess.problem);
  const parsed = parse(text, file);
  if ("type" in parsed) return parsed;
  // The parser reports an unclosed tag or block at the end of the text.
  if (open && (parsed.isAtEnd || !open.problem.startsWith("{{"))) return fail(placeAt(text, open.offset), open.problem);
  return fail(parsed, parsed.problem);
}

/** Yields the nodes of a syntax tree, outer ones first, in the order of the text. */
export function* nodesIn(value: unknown): Generator<hbs.AST.Node, undefined> {
  if (typeof value !== "object" || value === null) return undefined;
  if ("type" in value) yield value as hbs.AST.Node;
  for (const inner of Object.values(value)) yield* nodesIn(inner);
  return undefined;
}

/** Line from 1, column from 0. */
interface Place {
  readonly line: number;
  readonly column: number;
}

interface SyntaxProblem extends Place {
  readonly problem: string;
  readonly isAtEnd: boolean;
}

/** What the generated parser passes to `parseError` about a token that is not possible. */
interface MisplacedToken {
  readonly text: string;
  readonly token: string | null;
  readonly line: number;
  readonly loc?: { readonly last_line: number; readonly last_column: number };
  readonly expected?: readonly string[];
}

const { Parser: parser } = Handlebars as unknown as {
  readonly Parser: { parseError: (message: string, token: MisplacedToken) => never };
};

/**
 * `parseError` is replaced during the parse: it is the only way to learn the token and its column. The library throws a
 * plain Error whose message is a drawing of the line, without the column.
 */
function parse(text: string, file: string): hbs.AST.Program | SyntaxProblem {
  let misplaced: MisplacedToken | undefined;
  const { parseError } = parser;
  parser.parseError = (message, token) => {
    misplaced = token;
    throw new Error(message);
  };
  try {
    return Handlebars.parse(text, { srcName: file });
  } catch (error) {
    if (misplaced) return misplacedProblem(misplaced, text);
    const { lineNumber = 1, column = 0, message } = error as Error & { lineNumber?: number; column?: number };
    const problem = message
      .replace(/ - [0-9]+:[0-9]+$/, "")
      .replace(/^(.*) doesn't match (.*)$/, "{{#$1}} is closed by {{/$2}}");
    return { line: lineNumber, column, problem, isAtEnd: false };
  } finally {
    parser.parseError = parseError;
  }
}

function misplacedProblem({ text: found, token, line, loc, expected }: MisplacedToken, text: string): SyntaxProblem {
  const isAtEnd = token === "EOF" || token === null;
  // The location is that of the token before; this one is the next occurrence of its text.
  const from = loc ? { line: loc.last_line, column: loc.last_column } : { line: line + 1, column: 0 };
  const column = (text.split("\n")[from.line - 1] ?? "").indexOf(found, from.column);
  const possible = [...new Set((expected ?? []).flatMap((name) => TOKENS[name] ?? []))];
  const hint = possible.length > 0 ? `; possible: ${possible.join(", ")}` : "";
  const problem = isAtEnd
    ? "the template ends inside of a tag"
    : `${JSON.stringify(found)} is not possible here${hint}`;
  return { line: from.line, column: Math.max(column, 0), problem, isAtEnd };
}

/** Names of the parser's tokens in messages. */
const TOKENS: Readonly<Record<string, string>> = {
  "'CLOSE'": "}}",
  "'CLOSE_UNESCAPED'": "}}",
  "'OPEN_SEXPR'": "(",
  "'CLOSE_SEXPR'": ")",
  "'ID'": "a name",
  "'STRING'": "a text in quotes",
  "'NUMBER'": "a number",
  "'EQUALS'": "=",
  "'OPEN_ENDBLOCK'": "{{/…}}",
};

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1)!.length };
}
