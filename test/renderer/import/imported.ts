import assert from "node:assert/strict";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { Config } from "../../../renderer/config/schema.ts";
import { importCommandLine, type Imported, importFiles } from "../../../renderer/import/docker-gen/import.ts";
import type { Note } from "../../../renderer/import/docker-gen/note.ts";

/** An import whose configuration our own parser has accepted. */
export interface Accepted {
  readonly yaml: string;
  readonly config: Config;
  readonly notes: readonly Note[];
}

/** Imports the words after `import --`; there are no files. */
export function fromWords(...words: string[]): Accepted {
  return accepted(importCommandLine(words, "/srv", (file) => ({ problem: `${file}: ENOENT, cannot be read` })));
}

/** Imports one file of this text. */
export function fromToml(text: string): Accepted {
  return accepted(importFiles(["a.toml"], "/srv", () => text));
}

export function accepted(imported: Imported): Accepted {
  assert.equal(imported.kind, "imported", JSON.stringify(imported));
  const { yaml, notes } = imported as Imported & { kind: "imported" };
  const config = parseConfig(yaml, "imported.yml");
  assert.ok(!("problems" in config), `${JSON.stringify(config)}\n${yaml}`);
  for (const { text } of notes)
    assert.ok(yaml.replaceAll(/\s*#?\s+/g, " ").includes(text.replaceAll(/\s+/g, " ")), text);
  return { yaml, config, notes };
}

/** What was left out, as one text. */
export function leftOut({ notes }: Accepted): string {
  return textOf(notes, "left out");
}

/** What differs, as one text. */
export function differing({ notes }: Accepted): string {
  return textOf(notes, "differs");
}

function textOf(notes: readonly Note[], kind: Note["kind"]): string {
  return notes.flatMap((note) => (note.kind === kind ? [note.text] : [])).join("\n");
}
