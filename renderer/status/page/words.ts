import { type Markup, markup } from "./markup.ts";

/** How something stands. Shown by colour, by a sign and by its text: by no colour alone. */
export type Level = "good" | "warn" | "bad" | "plain";

const SIGNS: Readonly<Record<Level, string>> = { good: "●", warn: "▲", bad: "■", plain: "○" };

/** A state in a word or two. */
export function badge(level: Level, text: string): Markup {
  return markup`<span class="badge ${level}"><span aria-hidden="true">${SIGNS[level]}</span> ${text}</span>`;
}

/** A moment, which is milliseconds since the epoch, in UTC to the second. */
export function moment(at: number): Markup {
  const iso = new Date(at).toISOString();
  return markup`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC</time>`;
}

/** `1 host`, `2 hosts`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
