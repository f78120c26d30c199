import type { LintProblem } from "./lint.ts";

/** Where a template's own quotes are open: the literal text of the line so far. */
interface Line {
  readonly text: string;
}

/**
 * Finds values that would be quoted twice (`"{{name}}"`), and `{{inner name}}` that stands outside of quotes and so
 * would not be quoted at all. Looks at the template's own text, line by line; `raw` is left alone.
 */
export function lintQuotes(tree: hbs.AST.Program): LintProblem[] {
  const problems: LintProblem[] = [];
  readProgram(tree, { text: "" });
  return problems;

  function readProgram(program: hbs.AST.Program | undefined, line: Line): Line {
    return (program?.body ?? []).reduce(readStatement, line);
  }

  function readStatement(line: Line, statement: hbs.AST.Statement): Line {
    if (statement.type === "ContentStatement") {
      const text = line.text + (statement as hbs.AST.ContentStatement).value;
      return { text: text.slice(text.lastIndexOf("\n") + 1) };
    }
    if (statement.type === "BlockStatement") {
      const { program, inverse } = statement as hbs.AST.BlockStatement;
      const after = readProgram(program, line);
      readProgram(inverse, line);
      return after;
    }
    if (statement.type !== "MustacheStatement") return line;
    const { path, loc } = statement as hbs.AST.MustacheStatement;
    const problem = faultOf((path as hbs.AST.PathExpression).original, line.text);
    if (problem !== undefined) problems.push({ ...loc.start, problem });
    return { text: `${line.text}_` };
  }
}

function faultOf(called: string, before: string): string | undefined {
  if (called === "raw" || called === "include") return undefined;
  const isOpen = before.replace(/\\./g, "").split('"').length % 2 === 0;
  if (called === "inner")
    return isOpen ? undefined : "inner is for values between double quotes, and none are open here";
  return isOpen || before.endsWith("'")
    ? "a value brings its own quotes: write none around it, or {{inner …}} between double quotes"
    : undefined;
}
