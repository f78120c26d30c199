/** Most tags of a template: the parser takes a second for so many. Sallyport's template for nginx has 300. */
const MAX_TAGS = 10_000;

/** Deepest nesting of blocks, of their `{{else if}}`, and of parentheses within a tag. The parser recurs for each level. */
const MAX_NESTED = 200;

/** A problem and its offset in the text, in UTF-16 units. */
interface TagProblem {
  readonly offset: number;
  readonly problem: string;
}

interface TagProblems {
  /** More than the parser, which takes quadratic time, may be given. */
  readonly excess?: TagProblem;
  /** The tag, the comment, or else the innermost block that is still open at the end. */
  readonly open?: TagProblem;
}

/** Scans the tags of a template before it is parsed, in linear time. */
export function tagProblems(text: string): TagProblems {
  const blocks: { readonly offset: number; readonly name: string; depth: number }[] = [];
  let [count, depth] = [0, 0];
  for (const tag of text.matchAll(TAG)) {
    const [whole] = tag;
    const offset = tag.index;
    count += 1;
    if (count > MAX_TAGS) return { excess: { offset, problem: `more than ${MAX_TAGS} tags` } };
    if (/^\{\{~?!/.test(whole)) {
      if (!whole.endsWith("}}")) return { open: { offset, problem: "this comment is never closed" } };
      continue;
    }
    if (offset + whole.length === text.length && !whole.endsWith("}")) {
      return { open: { offset, problem: "this tag is never closed" } };
    }
    const body = whole.replace(/^\{\{\{?\{?[~&]?\s*/, "");
    if (/^[#^]\S/.test(body)) blocks.push({ offset, name: nameOf(body), depth: 1 });
    else if (body.startsWith("/")) depth -= blocks.pop()?.depth ?? 0;
    else if (/^else\s+\S/.test(body) && blocks.length > 0) blocks.at(-1)!.depth += 1;
    if (/^(?:[#^]\S|else\s+[^\s}~])/.test(body)) depth += 1;
    if (depth > MAX_NESTED || nestedParentheses(whole) > MAX_NESTED) {
      return { excess: { offset, problem: `nested deeper than ${MAX_NESTED}` } };
    }
  }
  const last = blocks.at(-1);
  return last ? { open: { offset: last.offset, problem: `{{#${last.name}}} is never closed` } } : {};
}

/** A comment, or any other tag up to its end or that of the text. */
const TAG = /\{\{~?!--[^]*?(?:--~?\}\}|$)|\{\{~?![^}]*(?:\}\}|$)|\{\{(?:[^{}]|\{(?!\{)|\}(?!\}))*/g;

function nameOf(body: string): string {
  return /^[#^][*>]?\s*([^\s}~|]{0,40})/.exec(body)?.[1] ?? "";
}

function nestedParentheses(tag: string): number {
  let [open, most] = [0, 0];
  for (const character of tag) {
    if (character === "(") most = Math.max(most, ++open);
    if (character === ")") open -= 1;
  }
  return most;
}
