/** Most tags of a template: the parser takes a second for so many. Ours for nginx has 300. */
const MAX_TAGS = 10_000;

/** Deepest nesting of blocks, their `{{else if}}`, and parentheses within a tag: what the parser does at once. */
const MAX_OPEN = 200;

/** Where in the text something is that a template may not have, in characters. */
export interface TagProblem {
  readonly offset: number;
  readonly problem: string;
}

/** Tags as they stand in a text; nothing else is known of it. */
export interface Tags {
  /** What the parser, which takes the square of the time, is not to be given. */
  readonly excess: TagProblem | undefined;
  /** The tag, the comment, or else the innermost block that is open where the text ends. */
  readonly open: TagProblem | undefined;
}

/** Looks at a template's tags before anything is parsed. Takes time in proportion to the text. */
export function tagsOf(text: string): Tags {
  const blocks: { readonly offset: number; readonly tag: string; depth: number }[] = [];
  let [count, depth] = [0, 0];
  for (const tag of text.matchAll(TAG)) {
    const [whole] = tag;
    const offset = tag.index;
    count += 1;
    if (count > MAX_TAGS) return { excess: { offset, problem: `more than ${MAX_TAGS} tags` }, open: undefined };
    if (/^\{\{~?!/.test(whole)) {
      if (!whole.endsWith("}}"))
        return { excess: undefined, open: { offset, problem: "this comment is never closed" } };
      continue;
    }
    if (offset + whole.length === text.length && !whole.endsWith("}"))
      return { excess: undefined, open: { offset, problem: "this tag is never closed" } };
    const body = whole.replace(/^\{\{\{?\{?[~&]?\s*/, "");
    if (/^[#^]\S/.test(body)) blocks.push({ offset, tag: nameOf(body), depth: 1 });
    else if (body.startsWith("/")) depth -= blocks.pop()?.depth ?? 0;
    else if (/^else\s+\S/.test(body) && blocks.length > 0) blocks.at(-1)!.depth += 1;
    if (/^(?:[#^]\S|else\s+[^\s}~])/.test(body)) depth += 1;
    if (depth > MAX_OPEN || parentheses(whole) > MAX_OPEN)
      return { excess: { offset, problem: `nested deeper than ${MAX_OPEN}` }, open: undefined };
  }
  const last = blocks.at(-1);
  return { excess: undefined, open: last && { offset: last.offset, problem: `{{#${last.tag}}} is never closed` } };
}

/** A comment, or any other tag up to its end or that of the text. */
const TAG = /\{\{~?!--[^]*?(?:--~?\}\}|$)|\{\{~?![^}]*(?:\}\}|$)|\{\{(?:[^{}]|\{(?!\{)|\}(?!\}))*/g;

function nameOf(body: string): string {
  return /^[#^][*>]?\s*([^\s}~|]{0,40})/.exec(body)?.[1] ?? "";
}

function parentheses(tag: string): number {
  let [open, most] = [0, 0];
  for (const character of tag) {
    if (character === "(") most = Math.max(most, ++open);
    if (character === ")") open -= 1;
  }
  return most;
}
