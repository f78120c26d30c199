import { readFileSync, writeFileSync } from "node:fs";
import { HELPERS } from "../renderer/template/helper-table.ts";
import type { Helper } from "../renderer/template/template-helper.ts";

const PAGE = "docs/reference/template-helpers.md";
const BEGIN = "<!-- helpers: written by `npm run docs`, do not edit below -->";

/** The page of the helpers with the current reference. The text before the reference is kept. */
export function withReference(page: string): string {
  const [written = ""] = page.split(BEGIN);
  return `${written.trimEnd()}\n\n${BEGIN}\n\n${reference()}`;
}

const HOW_TO_READ = [
  "`[X]` is optional, `X...` can be repeated. A test runs each example. An output is quoted as JSON where spaces or line",
  "ends would be invisible.",
].join("\n");

const NOT_OFFERED = [
  "Functions of docker-gen and sprig that are not in this list do not exist. They are aliases, depend on the time, on chance,",
  "on the network or on the renderer's environment, or are rarely used in templates of configuration files. For `eval` write",
  "a partial: `{{> name}}`.",
].join("\n");

function reference(): string {
  const groups = [...new Set(HELPERS.map(({ group }) => group))];
  const chapters = groups.map((group) => {
    const helpers = HELPERS.filter((helper) => helper.group === group);
    return `## ${group}\n\n${helpers.map(entry).join("\n\n")}`;
  });
  const contents = groups.map((group) => `[${group}](#${group.toLowerCase().replaceAll(" ", "-")})`).join(" · ");
  return `${HELPERS.length} helpers: ${contents}\n\n${HOW_TO_READ}\n\n${chapters.join("\n\n")}\n\n## Other functions\n\n${NOT_OFFERED}\n`;
}

function entry({ usage, description, example }: Helper): string {
  const given = example.data === undefined ? "" : ` of ${code(JSON.stringify(example.data))}`;
  return `**\`${usage}\`**: ${escaped(description)}\n<br>${code(example.template)}${given} prints ${code(example.output)}`;
}

/** Inline code of Markdown; text with line ends, backquotes or outer spaces as JSON. */
function code(text: string): string {
  const isPlain = /^\S(?:.*\S)?$/.test(text) && !text.includes("`");
  return `\`${isPlain ? text : JSON.stringify(text)}\``;
}

/** Escapes text for Markdown, except inline code. */
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part.replaceAll("|", "\\|") : part.replace(/[<>*_|[\]]/g, "\\$&")))
    .join("");
}

if (process.argv[1]?.endsWith("template-reference.ts")) {
  writeFileSync(PAGE, withReference(readFileSync(PAGE, "utf8")));
}
