import { readdirSync, readFileSync } from "node:fs";
import { parseSync } from "oxc-parser";

/** A message that the code can print: what is wrong and, if the code states one, the remedy. Capitals stand for values. */
export interface ErrorMessage {
  readonly file: string;
  readonly what: string;
  readonly remedy: string | undefined;
}

/** A node of the syntax tree. The walk does not depend on its kind. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly [field: string]: unknown;
}

/** Functions and classes whose first text is a message. */
const REPORTS =
  /^(?:\w*Error|absent|bad|because|boolean|differs|enum|error|fail|failed|invalid|min|refine|refused?|regex|reject|skipped|startsWith|union|unusable|waiting)$/;

/** Those of them whose next text is the remedy. */
const REMEDIED = /^(?:absent|because|reject|unusable|waiting)$/;

/** Properties and constants that have a message. */
const MESSAGE =
  /^(?:error|excess|failure|fault|message|open|problem|problems|reason|refused|DURATION|EMPTY|EXPECTED|MODE|OWNER|STRINGS|WAIT)$/;

/** Functions that return a message. */
const RETURNS =
  /(?:[a-z]Fault|Problem|Reason|dropPrivilege|failureOf|notFound|refusedVariables|unknownHelper|unreadable)$/;

/** Tables with a message, or a message and its remedy, for each code. */
const TABLES = /^(?:HINTS|MESSAGES|dockerFaults|hints|refusalReasons)$/;

/** Returns every message in these folders, in the order of files and lines. */
export function errorMessages(folders: readonly string[]): ErrorMessage[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .toSorted()
      .flatMap((name) => messagesOf(`${folder}/${name}`)),
  );
}

function messagesOf(file: string): ErrorMessage[] {
  const { program, errors } = parseSync(file, readFileSync(file, "utf8"));
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  const texts = new Texts(program as unknown as Node);
  const found = new Map<string, ErrorMessage>();
  const add = (message: unknown, remedy?: unknown): void => {
    const remedies = remedy === undefined ? [] : texts.of(remedy as Node);
    for (const text of texts.of(message as Node).filter((one) => /[a-z]{2} [a-zA-Z"]/.test(one))) {
      // The last semicolon outside of parentheses and code.
      const [, what = text, own] = /^(.*); ([^)`]*(?:[(`][^)`]*[)`][^)`]*)*)$/s.exec(text) ?? [];
      for (const hint of own === undefined && remedies.length > 0 ? remedies : [own]) {
        found.set(`${what}; ${hint}`, { file, what, remedy: hint });
      }
    }
  };
  walk(program as unknown as Node, "", (node, functionName) => {
    const named = (name: string): Node | undefined =>
      (node["properties"] as Node[]).find((one) => one.type === "Property" && nameOf(one["key"]) === name);
    if (node.type === "ReturnStatement" && RETURNS.test(functionName)) add(node["argument"]);
    if (node.type === "CallExpression" || node.type === "NewExpression") {
      const callee = nameOf(node["callee"]);
      if (!REPORTS.test(callee)) return;
      const given = (node["arguments"] as Node[]).filter(
        (one) => one.type !== "ArrayExpression" && texts.of(one).length > 0,
      );
      const first = given.findIndex((one) => texts.of(one).some((text) => text.includes(" ")));
      // A helper's call completes the text to a sentence.
      const isExpectation = callee === "invalid" && (node["callee"] as Node).type === "MemberExpression";
      if (first >= 0 && isExpectation) {
        for (const text of texts.of(given[first]))
          found.set(text, { file, what: `PARAMETER must be ${text}, not "VALUE"`, remedy: undefined });
      } else if (first >= 0) add(given[first], REMEDIED.test(callee) ? given[first + 1] : undefined);
    }
    if (node.type === "ObjectExpression" && named("valid")?.["value"] === undefined) {
      for (const key of ["error", "excess", "failure", "message", "open", "problem", "problems", "reason", "refused"]) {
        const property = named(key);
        if (property) add(property["value"], named("hint")?.["value"]);
      }
    }
    if (node.type === "VariableDeclarator" && node["init"]) {
      const name = nameOf(node["id"]);
      const init = unwrapped(node["init"] as Node);
      if (MESSAGE.test(name)) add(init);
      if (TABLES.test(name)) {
        for (const { key, value } of (init["properties"] as (Node & { key: Node; value: Node })[] | undefined) ?? []) {
          if (value.type === "ArrayExpression") add(...(value["elements"] as [Node, Node]));
          else if (/hints/i.test(name) && !texts.of(value).some((text) => text.includes("; "))) {
            found.set(nameOf(key), { file, what: nameOf(key), remedy: texts.of(value)[0] });
          } else add(value);
        }
      }
    }
  });
  // A constant and its use are two places of one message; the one with the remedy counts.
  const complete = new Set([...found.values()].filter(({ remedy }) => remedy !== undefined).map(({ what }) => what));
  return [...found.values()].filter(({ what, remedy }) => remedy !== undefined || !complete.has(what));
}

/** Calls `visit` for a node and all below it, with the name of the function that contains each. */
function walk(node: Node, functionName: string, visit: (node: Node, functionName: string) => void): void {
  visit(node, functionName);
  const own =
    node.type === "FunctionDeclaration" ? node["id"] : node.type === "MethodDefinition" ? node["key"] : undefined;
  for (const child of Object.values(node).flat()) {
    if (typeof child === "object" && child !== null && "type" in child) {
      walk(child as Node, own ? nameOf(own) : functionName, visit);
    }
  }
}

/** The texts that expressions of one file can evaluate to. */
class Texts {
  readonly #constants: { readonly name: string; readonly start: number; readonly value: Node }[] = [];

  constructor(program: Node) {
    walk(program, "", ({ type, id, init, start }) => {
      if (type === "VariableDeclarator" && init) this.#constants.push({ name: nameOf(id), start, value: init as Node });
    });
  }

  /** Returns the texts of literals, templates and conditions of them; none for anything else. */
  of(node: Node | null | undefined): string[] {
    if (!node) return [];
    switch (node.type) {
      case "Literal":
        return typeof node["value"] === "string" ? [node["value"]] : [];
      case "TemplateLiteral": {
        const values = node["expressions"] as Node[];
        const parts = (node["quasis"] as { value: { cooked: string } }[]).map(({ value }) => value.cooked);
        return parts.reduce<string[]>(
          (all, part, index) =>
            (index === 0 ? [""] : this.#inserted(values[index - 1]!)).flatMap((value) =>
              all.map((text) => text + value + part),
            ),
          [""],
        );
      }
      case "ConditionalExpression":
        return [...this.of(node["consequent"] as Node), ...this.of(node["alternate"] as Node)];
      case "LogicalExpression":
        return [...this.of(node["left"] as Node), ...this.of(node["right"] as Node)];
      case "ArrayExpression":
        return (node["elements"] as Node[]).flatMap((one) => this.of(one));
      case "ParenthesizedExpression":
      case "TSAsExpression":
      case "TSSatisfiesExpression":
        return this.of(node["expression"] as Node);
      case "BinaryExpression":
        return node["operator"] === "+"
          ? this.#inserted(node["left"] as Node).flatMap((left) =>
              this.#inserted(node["right"] as Node).map((right) => left + right),
            )
          : [];
      case "Identifier":
        return this.of(this.#constant(node));
      default:
        return [];
    }
  }

  /** Returns what a template shows for an expression: its texts, its number, or its name in capitals. */
  #inserted(node: Node): string[] {
    const texts = this.of(node);
    if (texts.length > 0) return texts;
    if (node.type === "BinaryExpression") return ["N"];
    const number = node.type === "Identifier" ? this.#constant(node)?.["value"] : undefined;
    if (typeof number === "number") return [String(number)];
    if (node.type === "ConditionalExpression" || node.type === "LogicalExpression") {
      const last = node["alternate"] ?? node["left"];
      return this.#inserted(last as Node);
    }
    if (node.type !== "CallExpression") return [placeholder(nameOf(node))];
    const callee = node["callee"] as Node;
    const [given] = node["arguments"] as Node[];
    if (/^(?:didYouMean|hint|hintFor)$/.test(nameOf(callee))) return [""];
    const isQuote = /^(?:quoted?|shown|stringify)$/.test(nameOf(callee));
    if (isQuote && given) return this.#inserted(given).map((text) => `"${text}"`);
    if (nameOf(callee) === "join" && callee.type === "MemberExpression") return [placeholder(nameOf(callee["object"]))];
    // A method without an argument that has a name, such as `mode.toString(8)`, prints its object.
    return [placeholder(nameOf(given) || nameOf(callee["object"] ?? callee))];
  }

  /** Returns the last value that the file gives to this name before the node. */
  #constant(node: Node): Node | undefined {
    return this.#constants.findLast(({ name, start }) => name === nameOf(node) && start < node.start)?.value;
  }
}

function unwrapped(node: Node): Node {
  return /^TS\w+Expression$/.test(node.type) ? unwrapped(node["expression"] as Node) : node;
}

/** Returns the name that an expression ends in. */
function nameOf(expression: unknown): string {
  const node = expression as Node | undefined;
  if (node?.type === "MemberExpression") {
    const key = node["property"] as Node;
    // An element of a list has the name of the list.
    const name = node["computed"] === true ? key["value"] : nameOf(key);
    return typeof name === "string" && name !== "" ? name : nameOf(node["object"]);
  }
  if (node?.type === "CallExpression") return nameOf(node["callee"]);
  if (/^(?:TS\w+|ChainExpression|ParenthesizedExpression)$/.test(node?.type ?? "")) return nameOf(node?.["expression"]);
  return typeof node?.["name"] === "string" ? node["name"] : "";
}

function placeholder(name: string): string {
  if (/^(?:MAX_\w+|\w+_MS|count|least|length|size)$/.test(name)) return "N";
  if (name === "" || name === "at") return "VALUE";
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])|-/g, "_").toUpperCase();
}
