/** Removes lines that contain only white space, as docker-gen does. Other lines keep their line endings. */
export function withoutBlankLines(text: Buffer): Buffer {
  const lines = text.toString("utf8").match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return Buffer.from(lines.filter((line) => !BLANK.test(line)).join(""));
}

/** Includes U+0085, which is white space in Unicode but not in JavaScript. */
const BLANK = /^[\s\u0085]*$/;
