import assert from "node:assert/strict";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { Config } from "../../../renderer/config/schema.ts";
import { importCommandLine, type Imported, importFiles } from "../../../renderer/import/docker-gen/import.ts";
import type { ImportContext } from "../../../renderer/import/docker-gen/target.ts";
import type { Note } from "../../../renderer/import/note.ts";

/** An import whose configuration is valid. */
export interface Accepted {
  readonly yaml: string;
  readonly config: Config;
  readonly notes: readonly Note[];
}

/** What an import reads files by. Relative paths are below /srv. */
export function context(read: ImportContext["read"]): ImportContext {
  return { directory: "/srv", read };
}

/** Imports the arguments after `import --`; there are no files. */
export function fromArguments(...args: string[]): Accepted {
  return accepted(
    importCommandLine(
      args,
      context((file) => ({ problem: `${file}: ENOENT, cannot be read` })),
    ),
  );
}

/** Imports one file of this text. */
export function fromToml(text: string): Accepted {
  return accepted(
    importFiles(
      ["a.toml"],
      context((file) => (file === "a.toml" ? { text } : { problem: `${file}: ENOENT, cannot be read` })),
    ),
  );
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

/** The notes on what is not imported, as one text. */
export function skippedIn({ notes }: Accepted): string {
  return textOf(notes, "skipped");
}

/** The notes on differences, as one text. */
export function differencesIn({ notes }: Accepted): string {
  return textOf(notes, "differs");
}

function textOf(notes: readonly Note[], kind: Note["kind"]): string {
  return notes.flatMap((note) => (note.kind === kind ? [note.text] : [])).join("\n");
}
