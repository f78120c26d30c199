/** What nginx reads as one directive: its arguments, and `;`, `{` or `}`. */
export type NginxDirective = readonly [args: readonly string[], end: string];

const ESCAPES: Readonly<Record<string, string>> = { t: "\t", r: "\r", n: "\n", '"': '"', "'": "'", "\\": "\\" };

/** Reads a configuration as `ngx_conf_read_token` does. Undefined if nginx rejects it. A test compares it with nginx. */
export function nginxDirectives(text: string): NginxDirective[] | undefined {
  const directives: NginxDirective[] = [];
  let args: string[] = [];
  let at = 0;
  const isSpace = (char: string | undefined): boolean => char !== undefined && " \t\r\n".includes(char);
  while (at < text.length) {
    const char = text[at]!;
    if (isSpace(char)) {
      at++;
    } else if (char === "#") {
      while (at < text.length && text[at] !== "\n") at++;
    } else if (char === ";" || char === "{") {
      if (args.length === 0) return undefined;
      directives.push([args, char]);
      args = [];
      at++;
    } else if (char === "}") {
      if (args.length > 0) return undefined;
      directives.push([[], char]);
      at++;
    } else {
      const quote = char === '"' || char === "'" ? char : undefined;
      if (quote) at++;
      let [token, isVariable, isFirst] = ["", false, true];
      for (;;) {
        const next = text[at];
        if (next === undefined) return undefined;
        const isEnd = quote ? next === quote : isSpace(next) || next === ";" || (next === "{" && !isVariable);
        if (isEnd) break;
        // A dollar sign at the beginning, or after an ordinary character, begins a variable.
        // All `{` that follow it belong to the word.
        if (next !== "{" || !isVariable) isVariable = next === "$" && (isFirst || !quote || !isVariable);
        isFirst = false;
        at++;
        token += next;
        if (next === "\\" && at < text.length) {
          const escaped = text[at++]!;
          const meaning = ESCAPES[escaped];
          token = meaning === undefined ? token + escaped : token.slice(0, -1) + meaning;
          isVariable = false;
        }
      }
      args.push(token);
      if (quote) {
        at++;
        const after = text[at];
        if (after === undefined || !(isSpace(after) || ";{)".includes(after))) return undefined;
      }
    }
  }
  return args.length === 0 ? directives : undefined;
}

const HAPROXY_ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** The words of each line, as HAProxy's `parse_line` reads them. Undefined if it rejects a line. */
export function haproxyLines(text: string): string[][] | undefined {
  const lines = text.split("\n").map(haproxyWords);
  return lines.every((words) => words !== undefined) ? lines.filter((words) => words.length > 0) : undefined;
}

function haproxyWords(line: string): string[] | undefined {
  const words: string[] = [];
  let [word, isOpen] = ["", false];
  let quote: string | undefined;
  const end = (): void => {
    if (isOpen) words.push(word);
    [word, isOpen] = ["", false];
  };
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (quote === undefined && char === "#") break;
    if (quote === undefined && " \t\r".includes(char)) {
      end();
    } else if ((char === '"' && quote !== "'") || (char === "'" && quote !== '"')) {
      quote = quote === undefined ? char : undefined;
      isOpen = true;
    } else if (char === "\\" && quote !== "'") {
      const escaped = line[at + 1] ?? "";
      if (escaped === "x") return undefined;
      const isEscape = /^[ \\"'#]$/.test(escaped) || (escaped === "$" && quote === '"');
      const meaning = isEscape ? escaped : HAPROXY_ESCAPES[escaped];
      word += meaning ?? "\\";
      if (meaning !== undefined) at++;
      isOpen = true;
    } else if (char === "$" && quote === '"') {
      const variable = /^\$(?:\{[A-Za-z_]\w*\}|[A-Za-z_]\w*)/.exec(line.slice(at));
      if (!variable) return undefined;
      at += variable[0].length - 1;
      isOpen = true;
    } else {
      word += char;
      isOpen = true;
    }
  }
  end();
  return quote === undefined ? words : undefined;
}
