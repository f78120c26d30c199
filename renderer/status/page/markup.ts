/** HTML that only `markup` creates: all text in it is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Content of markup: text, which is escaped, markup, lists of both, or nothing. */
export type Content = Markup | string | number | false | undefined | readonly Content[];

/** Maximum length of untrusted text in UTF-16 units; the JSON has all of it. */
const MAX_TEXT = 600;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Tag of HTML templates. Placeholders must stand between tags or inside a quoted attribute value. */
export function markup(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + textOf(contents[index - 1]) + part));
}

/** Renders untrusted text, isolated from the text direction around it and with invisible characters escaped. */
export function untrusted(text: string): Markup {
  return markup`<bdi>${visible(text)}</bdi>`;
}

/** Clips untrusted text and escapes invisible characters, for attributes. */
export function visible(text: string): string {
  const clipped = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return clipped.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, codePointOf);
}

function textOf(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(textOf).join("");
  return String(content).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

function codePointOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
