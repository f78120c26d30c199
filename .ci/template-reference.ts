import { readFileSync, writeFileSync } from "node:fs";
import { HELPERS } from "../renderer/template/helper-table.ts";
import { NOT_OFFERED } from "../renderer/template/not-offered.ts";
import type { Helper } from "../renderer/template/template-helper.ts";

const PAGE = "docs/reference/template-helpers.md";
const BEGIN = "<!-- helpers: written by `npm run docs`, do not edit below -->";

/** The page about templates with its reference as the helpers are now; what stands before the reference is kept. */
export function withReference(page: string): string {
  const [written = ""] = page.split(BEGIN);
  return `${written.trimEnd()}\n\n${BEGIN}\n\n${reference()}`;
}

const HOW_TO_READ = [
  "`[X]` may be left out, `X...` may stand more than once. Each example is run by a test; it is quoted as JSON where blanks",
  "or line ends would not be seen.",
].join("\n");

function reference(): string {
  const groups = [...new Set(HELPERS.map(({ group }) => group))];
  const chapters = groups.map((group) => {
    const helpers = HELPERS.filter((helper) => helper.group === group);
    return `## ${group}\n\n${helpers.map(entry).join("\n\n")}`;
  });
  const contents = groups.map((group) => `[${group}](#${group.toLowerCase().replaceAll(" ", "-")})`).join(" · ");
  return `${HELPERS.length} helpers: ${contents}\n\n${HOW_TO_READ}\n\n${chapters.join("\n\n")}\n\n${notOffered()}\n`;
}

function entry({ usage, says, example }: Helper): string {
  const given = example.data === undefined ? "" : ` of ${code(JSON.stringify(example.data))}`;
  return `**\`${usage}\`**: ${escaped(says)}\n<br>${code(example.template)}${given} prints ${code(example.prints)}`;
}

function notOffered(): string {
  const whys = [...new Set(NOT_OFFERED.map(({ why }) => why))];
  const rows = whys.map((why) => {
    const names = NOT_OFFERED.filter((one) => one.why === why).map(({ name }) => `\`${name}\``);
    return `| ${names.join(" ")} | ${escaped(why)} |`;
  });
  return [
    "## Not offered",
    "",
    "Functions of docker-gen and sprig that templates here do not have.",
    "",
    "| function | why |",
    "|---|---|",
    ...rows,
  ].join("\n");
}

/** Code in a line of Markdown; what a line cannot hold as it is, as JSON has it. */
function code(text: string): string {
  const isPlain = /^\S(?:.*\S)?$/.test(text) && !text.includes("`");
  return `\`${isPlain ? text : JSON.stringify(text)}\``;
}

/** Text of Markdown: what stands between backquotes is code already. */
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part.replaceAll("|", "\\|") : part.replace(/[<>*_|[\]]/g, "\\$&")))
    .join("");
}

if (process.argv[1]?.endsWith("template-reference.ts")) {
  writeFileSync(PAGE, withReference(readFileSync(PAGE, "utf8")));
}
