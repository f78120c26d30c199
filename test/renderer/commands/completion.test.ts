import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { COMMAND_ENTRIES, FLAGS } from "../../../renderer/commands/command-table.ts";
import { COMPLETIONS } from "../../../renderer/commands/completion.ts";

/** What a real bash offers after these words, the last of which is being written. */
function offered(...words: string[]): string[] {
  const script = `${COMPLETIONS["bash"]!()}
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sallyport_renderer; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ["--norc", "-c", script, "bash", "sallyport-renderer", ...words];
  return execFileSync("bash", args, { encoding: "utf8" }).split("\n").filter(Boolean).toSorted();
}

describe("bash", () => {
  test("offers the commands first", () => {
    const names = COMMAND_ENTRIES.map(([name]) => name);
    assert.deepEqual(
      offered("").filter((word) => !word.startsWith("-")),
      names.toSorted(),
    );
  });
  test("completes a command that is begun", () => assert.deepEqual(offered("sta"), ["status"]));
  test("offers the flags of the command that stands there", () => {
    assert.deepEqual(offered("status", "--"), ["--config", "--help", "--json"]);
    assert.deepEqual(offered("check", "--"), ["--config", "--help"]);
    assert.deepEqual(offered("--config", "x.yml", "status", "--j"), ["--json"]);
  });
  test("offers files where a file belongs", () => {
    assert.deepEqual(offered("check", "--config", "package."), ["package.json"]);
    assert.deepEqual(offered("import", "compose.y"), ["compose.yml"]);
  });
  test("offers the shells", () => assert.deepEqual(offered("completion", "z"), ["zsh"]));
});

for (const shell of ["bash", "zsh", "fish"]) {
  test(`the script for ${shell} knows every command and flag, and has even quotes`, () => {
    const script = COMPLETIONS[shell]!();
    for (const name of [...COMMAND_ENTRIES.map(([command]) => command), ...Object.keys(FLAGS)])
      assert.match(script, new RegExp(`\\b${name}\\b`));
    for (const line of script.split("\n")) assert.equal(line.split("'").length % 2, 1, line);
  });
}
