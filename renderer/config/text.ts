import { type Document, isAlias, LineCounter, parseDocument, visit, type YAMLError } from "yaml";
import { nearest } from "../../shared/nearest.ts";

/** Largest configuration, in characters: a thousand targets are a third of it. */
const MAX_CONFIG_CHARS = 1024 * 1024;

/** Most characters of the text that a message shows. */
const MAX_SHOWN = 60;

/** The text of a configuration, read as YAML 1.2. */
export interface ConfigText {
  readonly document: Document;
  /** What the text says: plain data. */
  readonly value: unknown;
  /** `file:line:column` of a place in the text, as editors count. */
  readonly at: (offset: number) => string;
}

/** Reads the text, or says what keeps it from being YAML, each with its place. */
export function readConfigText(text: string, file: string): ConfigText | { readonly problems: string[] } {
  if (text.length > MAX_CONFIG_CHARS)
    return { problems: [`${file}: has more than ${MAX_CONFIG_CHARS} characters, as no configuration has`] };
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  // Tags, and keys that are no texts, have no meaning here: better a message than a guess.
  const how = { prettyErrors: false, stringKeys: true, resolveKnownTags: false, lineCounter: lines } as const;
  const document = parseDocument(text, how);
  const faults = worthTelling(document.errors.concat(document.warnings));
  if (faults.length > 0)
    return { problems: faults.map(({ code, message, pos }) => `${at(pos[0])}: ${wordsFor(code, message, text, pos)}`) };
  const lost = unknownAlias(document);
  if (lost) return { problems: [`${at(lost.offset)}: ${lost.message}`] };
  try {
    return { document, value: document.toJS(), at };
  } catch (error) {
    // What aliases of aliases make can be larger than any memory; the parser stops before that.
    return {
      problems: [`${at(firstAlias(document))}: aliases that make it far too large: ${(error as Error).message}`],
    };
  }
}

/** Behind a mistake of syntax nothing can be relied on: the first one is told. Of those of meaning all are. */
function worthTelling(faults: readonly YAMLError[]): readonly YAMLError[] {
  const inOrder = faults.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const syntax = inOrder.find(({ code }) => !OF_MEANING.has(code));
  return syntax ? [syntax] : inOrder;
}

const OF_MEANING: ReadonlySet<YAMLError["code"]> = new Set(["DUPLICATE_KEY", "TAG_RESOLVE_FAILED", "NON_STRING_KEY"]);

/** What is said instead of the parser's own words, where those are for programmers. */
const WORDS: Partial<Record<YAMLError["code"], string>> = {
  DUPLICATE_KEY: "the same key twice",
  NON_STRING_KEY: "a key must be a text",
  MULTIPLE_DOCS: "a second document (---): a configuration is one",
  RESOURCE_EXHAUSTION: "nested far too deeply",
  TAG_RESOLVE_FAILED: "tags have no meaning here: leave it out",
};

function wordsFor(
  code: YAMLError["code"],
  message: string,
  text: string,
  [start, end]: readonly [number, number],
): string {
  const line = text.slice(start).split(/[\r\n]/, 1)[0]!;
  const shown = (code === "DUPLICATE_KEY" && end > start + 1 ? text.slice(start, end) : line).trim();
  const clipped = shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
  const words = message.includes("Maximum call stack") ? WORDS.RESOURCE_EXHAUSTION : WORDS[code];
  return `${words ?? message}${clipped === "" ? "" : `: ${clipped}`}`;
}

function unknownAlias(document: Document): { readonly offset: number; readonly message: string } | undefined {
  const anchors: string[] = [];
  let lost: { readonly offset: number; readonly message: string } | undefined;
  visit(document, {
    Node: (_key, node) => {
      if (!isAlias(node) && node.anchor !== undefined) anchors.push(node.anchor);
      if (!isAlias(node) || anchors.includes(node.source)) return undefined;
      const near = nearest(node.source, anchors);
      const advice = near === undefined ? "" : `, did you mean *${near}?`;
      lost = { offset: node.range?.[0] ?? 0, message: `no anchor before *${node.source.slice(0, MAX_SHOWN)}${advice}` };
      return visit.BREAK;
    },
  });
  return lost;
}

function firstAlias(document: Document): number {
  let offset = 0;
  visit(document, {
    Alias: (_key, node) => {
      offset = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}
