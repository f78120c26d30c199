/** One directive of an nginx configuration. */
export interface Statement {
  readonly name: string;
  /** What follows the name. Quoted text is replaced, unless it is one word. */
  readonly parameters: string;
  /** Number of blocks around it. */
  readonly depth: number;
  readonly isBlock: boolean;
}

/** Returns the directives of a text, in order. Text that is not valid results in fewer directives. */
export function statementsOf(text: string): Statement[] {
  const bare = text.replaceAll(/"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|(?<![^\s;{}])#.*|\$\{[^}]*\}|\\[^]/g, (one) =>
    one.startsWith("#") ? "" : (/^["']([A-Za-z0-9_.-]+)["']$/.exec(one)?.[1] ?? "x"),
  );
  let depth = 0;
  return [...bare.matchAll(/([^{};]*)([{};])/g)].flatMap(([, statement = "", end]) => {
    const [, name, parameters = ""] = /^\s*([a-z][a-z0-9_]*)\s([^]*)$/.exec(`${statement} `) ?? [];
    const found = name === undefined ? [] : [{ name, parameters: parameters.trim(), depth, isBlock: end === "{" }];
    depth += end === "{" ? 1 : end === "}" ? -1 : 0;
    return end === "}" ? [] : found;
  });
}

/** Directives that restrict access whatever their parameters are. */
const RESTRICTING =
  /^(?:deny|auth_\w+|limit_except|internal|include|valid_referers|secure_link\w*|ssl_verify_client|ssl_client_certificate|ssl_crl|access_by_lua\w*|js_access|perl)$/;

/** Whether a directive may restrict access: what it includes is unknown. */
export function isRestricting({ name, parameters }: Statement): boolean {
  return name === "return" ? parameters.startsWith("4") : RESTRICTING.test(name) && parameters !== "off";
}
