import { type Document, isAlias, isMap, isScalar, LineCounter, parseDocument, visit, type YAMLError } from "yaml";
import { nearest } from "../../shared/nearest.ts";

/** Largest configuration, in characters: a thousand targets take a third of it. */
const MAX_CONFIG_CHARS = 1024 * 1024;

/** Most characters of the text that a message quotes. */
const MAX_QUOTED = 60;

type Path = readonly PropertyKey[];

/** The text of a configuration, parsed as YAML 1.2. */
export interface ConfigText {
  /** Plain data. */
  readonly value: unknown;
  /** Returns where a value, or a key, or its nearest parent that exists, begins: characters from the start. */
  readonly offsetOf: (path: Path, what?: "key" | "value") => number;
  /** Returns `file:line:column`, as editors count. */
  readonly placeOf: (path: Path, what?: "key" | "value") => string;
}

/** Parses the text, or returns every problem with its place. */
export function parseYaml(text: string, file: string): ConfigText | { readonly problems: string[] } {
  if (text.length > MAX_CONFIG_CHARS) {
    return { problems: [`${file}: larger than ${MAX_CONFIG_CHARS} characters; split the configuration`] };
  }
  const lines = new LineCounter();
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  // Tags, and keys that are not strings, are errors: a guess could enable what was not meant.
  const options = { prettyErrors: false, stringKeys: true, resolveKnownTags: false, lineCounter: lines } as const;
  const document = parseDocument(text, options);
  const faults = reliable(document.errors.concat(document.warnings));
  if (faults.length > 0) return { problems: faults.map((fault) => `${place(fault.pos[0])}: ${describe(fault, text)}`) };
  const aliases = checkAliases(document);
  if (aliases.problem !== undefined) return { problems: [`${place(aliases.offset)}: ${aliases.problem}`] };
  const offsetOf: ConfigText["offsetOf"] = (path, what = "value") => locate(document, path, what);
  try {
    return { value: document.toJS(), offsetOf, placeOf: (path, what) => place(offsetOf(path, what)) };
  } catch (error) {
    // Aliases of aliases can expand beyond any memory; the parser stops before that.
    return { problems: [`${place(aliases.first)}: too many aliases; ${(error as Error).message}`] };
  }
}

/** After a syntax error the rest of the parse is unreliable: only the first is reported. Others are all reported. */
function reliable(faults: readonly YAMLError[]): readonly YAMLError[] {
  const inOrder = faults.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const syntax = inOrder.find(({ code }) => !NOT_SYNTAX.has(code));
  return syntax ? [syntax] : inOrder;
}

const NOT_SYNTAX: ReadonlySet<YAMLError["code"]> = new Set(["DUPLICATE_KEY", "TAG_RESOLVE_FAILED", "NON_STRING_KEY"]);

/** What replaces the parser's messages, and what to do. */
const MESSAGES: Partial<Record<YAMLError["code"], readonly [problem: string, hint: string]>> = {
  DUPLICATE_KEY: ["duplicate key", "remove one"],
  NON_STRING_KEY: ["keys must be strings", "quote it"],
  MULTIPLE_DOCS: ["a configuration is a single YAML document", "remove the second one"],
  RESOURCE_EXHAUSTION: ["nested too deeply", "remove levels"],
  TAG_RESOLVE_FAILED: ["tags are not supported", "remove it"],
};

function describe({ code, message, pos: [start, end] }: YAMLError, text: string): string {
  const line = text.slice(start).split(/[\r\n]/, 1)[0]!;
  const shown = (code === "DUPLICATE_KEY" && end > start + 1 ? text.slice(start, end) : line).trim();
  const clipped = shown.length > MAX_QUOTED ? `${shown.slice(0, MAX_QUOTED)}…` : shown;
  const known = message.includes("Maximum call stack") ? MESSAGES.RESOURCE_EXHAUSTION : MESSAGES[code];
  const [problem, hint] = known ?? [message.replace(/:$/, "")];
  return `${problem}${clipped === "" ? "" : `: ${JSON.stringify(clipped)}`}${hint === undefined ? "" : `; ${hint}`}`;
}

function locate(document: Document, path: Path, what: "key" | "value"): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === String(key)) : undefined;
    const value: unknown = document.getIn(path.slice(0, length), true);
    const isShown = what === "value" && length === path.length && isScalar(value) && value.value !== null;
    const node = (isShown ? value : (pair?.key ?? value)) as { range?: readonly number[] } | undefined;
    if (node?.range?.[0] !== undefined) return node.range[0];
  }
  return 0;
}

/** Returns the offset of the first alias, and the problem of the first one without an anchor. */
function checkAliases(document: Document): {
  readonly first: number;
  readonly problem?: string;
  readonly offset: number;
} {
  const anchors: string[] = [];
  let found = { first: -1, offset: 0 } as { first: number; problem?: string; offset: number };
  visit(document, {
    Node: (_key, node) => {
      if (!isAlias(node)) return void (node.anchor !== undefined && anchors.push(node.anchor));
      const offset = node.range?.[0] ?? 0;
      if (found.first < 0) found = { ...found, first: offset };
      if (anchors.includes(node.source)) return undefined;
      const near = nearest(node.source, anchors);
      const hint = near === undefined ? "define it before" : `did you mean *${near}?`;
      found = { ...found, offset, problem: `unknown alias *${node.source.slice(0, MAX_QUOTED)}; ${hint}` };
      return visit.BREAK;
    },
  });
  return found;
}
