import { utc } from "../format.ts";
import { type Markup, markup } from "./markup.ts";

/** Severity of a status. Shown by colour, symbol and text, so that it never depends on colour alone. */
export type Level = "good" | "warn" | "bad" | "plain";

const SYMBOLS: Readonly<Record<Level, string>> = { good: "●", warn: "▲", bad: "■", plain: "○" };

/** Renders a status of one or two words. */
export function badge(level: Level, text: string): Markup {
  return markup`<span class="badge ${level}"><span aria-hidden="true">${SYMBOLS[level]}</span> ${text}</span>`;
}

/** Renders milliseconds since the epoch as a time in UTC. */
export function time(at: number): Markup {
  return markup`<time datetime="${new Date(at).toISOString()}">${utc(at)}</time>`;
}
