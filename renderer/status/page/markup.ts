/** Text that is markup already, made by `markup` alone: nothing in it came from anybody else unescaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in markup: text, which is escaped, and markup; lists of both, and nothing at all. */
export type Content = Markup | string | number | false | undefined | readonly Content[];

/** Longest text of somebody else that is shown, in UTF-16 units; the JSON has all of it. */
const MAX_TEXT = 600;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** HTML with holes for content. A hole stands between tags or inside a quoted value, nowhere else. */
export function markup(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + textOf(contents[index - 1]) + part));
}

/**
 * Text of somebody else, apart from what stands around it: in whichever direction it reads, with characters that cannot
 * be seen made visible.
 */
export function foreign(text: string): Markup {
  const clipped = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return markup`<bdi>${clipped.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, visible)}</bdi>`;
}

function textOf(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(textOf).join("");
  return String(content).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? "");
}

function visible(sign: string): string {
  return `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`;
}
