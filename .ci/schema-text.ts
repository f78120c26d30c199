/** The parts of a JSON Schema that reference pages print. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Alternatives of a schema, or the schema itself. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const found = schema.anyOf ?? schema.oneOf;
  return found === undefined ? [schema] : found.flatMap(alternatives);
}

/** Prints a type for a table: `string`, `integer 1-65535`, `list of objects`, `"a"` or `"b"`. */
export function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return either(schema.enum.map((value) => `\`${String(value)}\``));
  const options = alternatives(schema);
  if (options.length > 1) return either(withoutRepeatedItems([...new Set(options.map(typeText))]));
  if (Array.isArray(schema.type)) return either(schema.type.map((type: string) => typeText({ type })));
  switch (String(schema.type ?? "any")) {
    case "string":
      return "string";
    case "array":
      return `${LIST_OF}${schema.items === undefined ? "any" : plural(typeText(schema.items))}`;
    case "integer":
      return `integer${range(schema)}`;
    case "object":
      return schema.properties === undefined ? "map" : "object";
    default:
      return String(schema.type ?? "any");
  }
}

const LIST_OF = "list of ";

/** Shortens `A, B or list of A or B` to `A, B or a list`. */
function withoutRepeatedItems(texts: readonly string[]): readonly string[] {
  const list = texts.find((text) => text.startsWith(LIST_OF));
  const others = texts.filter((text) => text !== list);
  return list === LIST_OF + plural(either(others)) ? [...others, "a list"] : texts;
}

/** Returns the plural of a type's name; other types, such as `"a"` or `"b"`, do not change. */
function plural(type: string): string {
  return /^[a-z]+$/.test(type) && type !== "any" ? `${type}s` : type;
}

function range({ minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }: JsonSchema): string {
  if (minimum > Number.MIN_SAFE_INTEGER && maximum < Number.MAX_SAFE_INTEGER) return ` ${minimum}-${maximum}`;
  return "";
}

function either(texts: readonly string[]): string {
  return texts.length < 3 ? texts.join(" or ") : `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
}

/** Prints rows as a Markdown table; `|` in cells is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n").replaceAll(/ {2}(?=\|)/g, " ");
}

/** Prints a value in backquotes, or nothing when there is none. */
export function code(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text === "") return '`""`';
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}
