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
    `A row for each thing that docker-gen's own tests (0.17) show, ${rows.length} in all, and what is so here. Each row is a`,
    "test, run against agent, templates and `import` as they are; the ones that say more than *the same* test what they say.",
    `${others.length} say more.`,
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
