import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Expressions that Sallyport's documentation and messages avoid, and the standard term for each. */
const GLOSSARY: readonly (readonly [avoid: string, use: string])[] = [
  [
    "whoever|whomever|nobody|everybody|somebody|those who|(?:to|of|by) who",
    "clients, containers, operators, no process",
  ],
  ["(?:is|are|was|were|be|been|being|not|and) told|tells?|telling", "reports, logs, sends, notifies"],
  ["(?:is|was|be|been|has|have) said|says? so|said so|has it that", "report, log, state"],
  ["mend(?:s|ed|ing)?", "fix; the field is `hint`"],
  ["sets? aside|setting aside|put aside", "quarantined"],
  ["left out|leaves? out|leaving out", "quarantined, filtered, skipped or omitted"],
  ["(?<!there )(?:is|are|was|were) none", "is invalid, is missing"],
  ["is no (?:file|container|text|list|number|whole|directory|name|tls|certificate|host)", "is not a …"],
  ["of (?:ours|yours|theirs)", "Sallyport's, your own, nginx-proxy's"],
  ["anew|once more", "again; re-create, retry"],
  ["goes on|go on with|for ever", "continues, indefinitely"],
  ["all the same|to be had|of before|is another now", "say what happens"],
  ["beside", "next to, alongside, in addition to"],
  ["farewells?", "graceful stop"],
  ["culprits?|sift(?:s|ed|ing)?", "failing unit; bisect"],
  ["strangers?|rivals?|insiders?", "unknown keys, conflicting keys, other networks"],
  ["keepers?", "publish group"],
  ["preset targets?", "nginx target"],
  ["general targets?", "template target"],
];

/** Files in which an expression is legitimate: [path, expression, reason]. */
const EXCEPTIONS: readonly (readonly [path: string, expression: string, reason: string])[] = [
  [".ci/plain-english.ts", ".*", "is the list"],
  ["docs/how-to/migrate-from-docker-gen.md", "left out", "quotes the output of import"],
  ["docs/how-to/migrate-from-nginx-proxy.md", "left out", "quotes the output of import"],
  ["docs/reference/docker-gen.md", "left out", "quotes the output of import"],
  ["docs/explanation/architecture.md", ".*", "not rewritten yet"],
  ["docs/policy.schema.json", ".*", "not rewritten yet"],
  ["docs/renderer.schema.json", ".*", "not rewritten yet"],
  ["docs/reference/cli.md", ".*", "not rewritten yet"],
  ["docs/reference/docker-gen-checklist.md", ".*", "not rewritten yet"],
  ["docs/reference/policy.md", ".*", "not rewritten yet"],
  ["docs/reference/renderer-configuration.md", ".*", "not rewritten yet"],
  ["docs/reference/template-helpers.md", ".*", "not rewritten yet"],
];

/** Paths that are checked. `""` is every tracked file. */
const SCOPE = ["docs/", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "compose.yml"];

const TEXT = /\.(?:ts|md|sh|hbs|ya?ml|json|html|css|py)$|(?:^|\/)(?:Dockerfile|run)$/;
const RECORDED = /(?:^|\/)(?:package-lock\.json|recorded\/|golden\/|corpus\/)/;

export interface Relapse {
  readonly line: number;
  readonly found: string;
  readonly use: string;
}

/** Lists the expressions in a text that the glossary replaces. */
export function relapses(text: string): Relapse[] {
  return text.split("\n").flatMap((content, index) =>
    GLOSSARY.flatMap(([avoid, use]) =>
      [...content.matchAll(new RegExp(String.raw`(?<![\w$-])(?:${avoid})(?![\w-])`, "gi"))].map(([found]) => ({
        line: index + 1,
        found,
        use,
      })),
    ),
  );
}

function isException(path: string, found: string): boolean {
  return EXCEPTIONS.some(([file, expression]) => file === path && new RegExp(`^(?:${expression})$`, "i").test(found));
}

function main(): void {
  const tracked = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n");
  const paths = tracked.filter(
    (path) => TEXT.test(path) && !RECORDED.test(path) && SCOPE.some((prefix) => path.startsWith(prefix)),
  );
  for (const path of paths) {
    for (const { line, found, use } of relapses(readFileSync(path, "utf8"))) {
      if (isException(path, found)) continue;
      process.stdout.write(`${path}:${line}: "${found}": write ${use}\n`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1]?.endsWith("plain-english.ts")) main();
