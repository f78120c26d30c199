import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { COMMAND_ENTRIES, FLAGS } from "../../../renderer/cli/command-table.ts";
import { COMPLETIONS } from "../../../renderer/cli/completion.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";

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

const directory = mkdtempSync(join(tmpdir(), "sallyport-completion-"));
after(async () => await removeDirectory(directory));

describe("fish", { skip: requires("fish") }, () => {
  const script = join(directory, "completion.fish");
  writeFileSync(script, COMPLETIONS["fish"]!());
  const offeredBy = (line: string): string[] => {
    const words = execFileSync("fish", ["--no-config", "-c", `source ${script}; complete -C '${line}'`], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: directory },
    });
    return words.split("\n").flatMap((found) => found.split("\t")[0] || []);
  };
  test("offers commands, flags and shells", () => {
    const names = COMMAND_ENTRIES.map(([name]) => name);
    assert.deepEqual(offeredBy("sallyport-renderer ").toSorted(), names.toSorted());
    assert.deepEqual(offeredBy("sallyport-renderer status --"), ["--config", "--help", "--json"]);
    assert.deepEqual(offeredBy("sallyport-renderer completion "), ["bash", "fish", "zsh"]);
  });
  test("offers files where a file belongs, and nowhere else", () => {
    assert.deepEqual(offeredBy("sallyport-renderer check --config compose.y"), ["compose.yml"]);
    assert.deepEqual(offeredBy("sallyport-renderer import compose.y"), ["compose.yml"]);
    assert.deepEqual(offeredBy("sallyport-renderer status compose.y"), []);
    assert.deepEqual(offeredBy("sallyport-renderer explain compose.y"), []);
  });
});

describe("zsh", { skip: requires("zsh") }, () => {
  const script = join(directory, "completion.zsh");
  writeFileSync(script, COMPLETIONS["zsh"]!());
  /** A zsh at a terminal of its own completes the line and says what became of it. */
  const completed = (line: string): string => {
    const inside = [
      "autoload -Uz compinit; compinit -u -D",
      `source ${script}`,
      `finish() { print -r -- "<$BUFFER>"; exit }; zle -N finish; bindkey '^X' finish; bindkey '^I' complete-word`,
      "print READY",
    ].join("; ");
    const outside = [
      "zmodload zsh/zpty",
      "zpty line zsh -f -i",
      'zpty -w line "PS1=; $1"',
      'zpty -r -m line out "*READY*READY*"',
      "zpty -w -n line \"$2\"$'\\t\\x18'",
      'zpty -r -m line out "*<*>*"',
      "print -r -- $out",
    ].join("\n");
    const { stdout } = spawnSync("zsh", ["-f", "-c", outside, "zsh", inside, line], {
      encoding: "utf8",
      timeout: 20_000,
    });
    return /<([^<>]*)>(?![^]*<)/.exec(stdout)?.[1]?.trimEnd() ?? stdout;
  };
  for (const [line, whole] of [
    ["sallyport-renderer sta", "sallyport-renderer status"],
    ["sallyport-renderer status --js", "sallyport-renderer status --json"],
    ["sallyport-renderer check --config compose.y", "sallyport-renderer check --config compose.yml"],
    ["sallyport-renderer completion z", "sallyport-renderer completion zsh"],
    ["sallyport-renderer status compose.y", "sallyport-renderer status compose.y"],
  ] as const)
    test(`completes ${line}`, () => assert.equal(completed(line), whole));
});
