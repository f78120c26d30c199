/**
 * The text without lines of nothing but white space, as docker-gen leaves them out. The others keep
 * their ends, of either kind, and a text that ends in a line break still does.
 */
export function withoutBlankLines(text: Buffer): Buffer {
  const lines = text.toString("utf8").match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return Buffer.from(lines.filter((line) => !BLANK.test(line)).join(""));
}

/** Also the next-line character, which Unicode counts as white space and JavaScript does not. */
const BLANK = /^[\s\u0085]*$/;
