import { writeFileSync } from "node:fs";
import type { Row } from "../test/renderer/docker-gen/row.ts";
import { TOPICS } from "../test/renderer/docker-gen/topics.ts";

const PAGE = "docs/reference/docker-gen-checklist.md";

/** The table of what docker-gen's tests show and what is so here. */
export function checklistPage(): string {
  const rows = TOPICS.flatMap((topic) => topic.rows);
  const others = rows.filter(({ here }) => here !== undefined);
  return [
    "# docker-gen's checklist",
    "",
    "<!-- written by `npm run docs` from the rows below test/renderer/docker-gen/, do not edit -->",
    "",
    `Each row is a behaviour that docker-gen's own tests (0.17) show, and Sallyport's behaviour: ${rows.length} in all. Each row is a`,
    "test with the real agent, templates and `import`. Rows other than *the same* test the described difference.",
    `${others.length} rows differ.`,
    "",
    ...TOPICS.flatMap(({ name, rows: ofTopic }) => [
      `## ${name}`,
      "",
      "| shown there | here |",
      "|---|---|",
      ...ofTopic.map(line),
      "",
    ]),
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

function line({ shows, here = "the same" }: Row): string {
  return `| ${cell(shows)} | ${cell(here)} |`;
}

/** Text in a table of Markdown. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

if (process.argv[1]?.endsWith("docker-gen-checklist.ts")) writeFileSync(PAGE, checklistPage());
