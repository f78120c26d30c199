import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fc } from "../../property.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";
import { haproxyLines, nginxDirectives } from "./configuration-tokens.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-tokens-"));
after(async () => await removeDirectory(directory));

const characters = (special: string): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...Array.from(`abtnx${special}`)), { minLength: 1, maxLength: 8 })
    .map((all) => all.join(""));

test("the tokenizer of the tests reads what a real nginx reads", { skip: requires("nginx") }, () => {
  const file = join(directory, "nginx.conf");
  fc.assert(
    fc.property(characters("\"'\\ $${}#();\t"), (text) => {
      writeFileSync(file, `x${text};\n`);
      const { stderr } = spawnSync("nginx", ["-t", "-p", directory, "-c", file, "-e", "/dev/null"], {
        encoding: "utf8",
      });
      const reported = /unknown directive "([^]*)" in .*nginx\.conf:1/.exec(stderr)?.[1];
      const [first] = nginxDirectives(`x${text};\n`.split("\n")[0]!) ?? [];
      // nginx stops at the first directive, so text after it is not compared.
      if (reported !== undefined) assert.equal(nginxFirst(`x${text};\n`), reported, JSON.stringify(text));
      else assert.equal(first, undefined, `${JSON.stringify(text)}: ${stderr}`);
    }),
    { numRuns: 300 },
  );
});

/** The name of the first directive of a text that may be invalid after it. */
function nginxFirst(text: string): string | undefined {
  for (let end = 1; end <= text.length; end++) {
    const [first] = nginxDirectives(text.slice(0, end)) ?? [];
    if (first) return first[0][0];
  }
  return undefined;
}

test("the tokenizer of the tests reads what a real HAProxy reads", { skip: requires("haproxy") }, () => {
  const file = join(directory, "haproxy.cfg");
  fc.assert(
    fc.property(characters("\"'\\ $#{}\t"), (text) => {
      writeFileSync(file, `global\n x${text}\n`);
      const { stderr } = spawnSync("haproxy", ["-c", "-f", file], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"] },
      });
      const reported = /unknown keyword '([^]*)' in 'global' section/.exec(stderr)?.[1];
      const words = haproxyLines(`x${text}`);
      if (reported !== undefined) assert.equal(words?.[0]?.[0], reported, `${JSON.stringify(text)}: ${stderr}`);
      else assert.equal(words, undefined, `${JSON.stringify(text)}: ${stderr}`);
    }),
    { numRuns: 300 },
  );
});
