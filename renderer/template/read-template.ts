import type Handlebars from "handlebars";
import { MAX_TEMPLATE_BYTES } from "./lint.ts";
import { tagsOf } from "./tags.ts";

/** Why a text is no template. The message begins with file, line and column. */
export interface TemplateProblem {
  readonly code: "template.size" | "template.syntax";
  readonly problem: string;
}

/** The syntax tree of a template's text. */
export function readTemplate(
  engine: typeof Handlebars,
  { file, text }: { readonly file: string; readonly text: string },
): hbs.AST.Program | TemplateProblem {
  if (Buffer.byteLength(text) > MAX_TEMPLATE_BYTES)
    return { code: "template.size", problem: `${file}: larger than ${MAX_TEMPLATE_BYTES} bytes` };
  const problem = (offset: number, what: string): TemplateProblem => ({
    code: "template.syntax",
    problem: `${file}${placeAt(text, offset)}: ${what}`,
  });
  if (text.includes("\0")) return problem(text.indexOf("\0"), "a NUL character is not text");
  const { excess, open } = tagsOf(text);
  if (excess) return problem(excess.offset, excess.problem);
  const parsed = parse(engine, text, file);
  if ("type" in parsed) return parsed;
  // Of what is open the parser only knows that the text ends, or that its last letter is none.
  if (open && (parsed.isAtEnd || !open.problem.startsWith("{{"))) return problem(open.offset, open.problem);
  return { code: "template.syntax", problem: `${file}:${parsed.line}:${parsed.column + 1}: ${parsed.problem}` };
}

/** What the parser tells of a text that is no template; line from 1, column from 0. */
interface Stumble {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
  readonly isAtEnd: boolean;
}

/** What jison tells of the token that it cannot place. */
interface Misplaced {
  readonly text: string;
  readonly token: string | null;
  readonly line: number;
  readonly loc?: { readonly last_line: number; readonly last_column: number };
  readonly expected?: readonly string[];
}

type Parser = { parseError: (message: string, token: Misplaced) => never };

/** The parser's own message is a drawing; what it is made of is asked for instead. */
function parse(engine: typeof Handlebars, text: string, file: string): hbs.AST.Program | Stumble {
  const { Parser: parser } = engine as unknown as { readonly Parser: Parser };
  let stumble: Stumble | undefined;
  const { parseError } = parser;
  parser.parseError = (message, token) => {
    stumble = stumbleOver(token, text);
    throw new Error(message);
  };
  try {
    return engine.parse(text, { srcName: file });
  } catch (error) {
    const { lineNumber = 1, column = 0, message } = error as Error & { lineNumber?: number; column?: number };
    const problem = message
      .replace(/ - [0-9]+:[0-9]+$/, "")
      .replace(/^(.*) doesn't match (.*)$/, "{{#$1}} is closed by {{/$2}}");
    return stumble ?? { line: lineNumber, column, problem, isAtEnd: false };
  } finally {
    parser.parseError = parseError;
  }
}

function stumbleOver({ text: word, token, line, loc, expected }: Misplaced, text: string): Stumble {
  const isAtEnd = token === "EOF" || token === null;
  const lines = text.split("\n");
  // The place that is told is that of the token before: this one begins where its text is found from there on.
  const from = loc ? { line: loc.last_line, column: loc.last_column } : { line: line + 1, column: 0 };
  const column = (lines[from.line - 1] ?? "").indexOf(word, from.column);
  const here = isAtEnd ? "the template ends inside of a tag" : `${JSON.stringify(word)} cannot stand here`;
  const possible = [...new Set((expected ?? []).flatMap((name) => TOKENS[name] ?? []))];
  const advice = possible.length > 0 && !isAtEnd ? `; possible: ${possible.join(", ")}` : "";
  return { line: from.line, column: Math.max(column, 0), problem: `${here}${advice}`, isAtEnd };
}

/** The parser's tokens in the words of people. */
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

function placeAt(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `:${before.length}:${before.at(-1)!.length + 1}`;
}
