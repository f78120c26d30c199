import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Expressions that Sallyport's documentation and messages avoid, and the standard term for each. */
const GLOSSARY: readonly (readonly [avoid: string, use: string])[] = [
  ["whoever|whomever|nobody|everybody|somebody|anybody|those who|(?:to|of|by) who", "clients, containers, operators"],
  ["(?:is|are|was|were|be|been|being|not|and) told|tells?|telling", "reports, logs, sends, notifies"],
  ["said|says?|saying|has it that", "reports, logs, states, names"],
  ["hears?|heard|unheard|recalls?|recalled", "collects, restores"],
  ["mend(?:s|ed|ing)?", "fix; the field is `hint`"],
  ["sets? aside|setting aside|put aside", "quarantined"],
  ["left out|leaves? out|leaving out", "quarantined, filtered, skipped or omitted"],
  ["(?<!there )(?:is|are|was|were) none", "is invalid, is missing"],
  ["is no (?:file|container|text|list|number|whole|directory|name|tls|certificate|host|replica)", "is not a …"],
  ["of (?:ours|yours|theirs)", "Sallyport's, your own, nginx-proxy's"],
  ["anew|once more", "again; re-create, retry"],
  ["goes on|go on with|for ever|in vain", "continues, indefinitely, without effect"],
  ["all the same|to be had|of before|is another now", "what happens"],
  ["beside", "next to, alongside, in addition to"],
  ["(?<!as )usual", "default"],
  ["farewells?", "graceful stop"],
  ["alarms?", "timer"],
  ["populations?", "container store"],
  ["claim(?:s|ed|ing)?", "request, route request"],
  ["verdicts?", "evaluation"],
  ["editions?", "revision"],
  ["culprits?|sift(?:s|ed|ing)?", "failing unit; bisect"],
  ["strangers?|rivals?|insiders?", "unknown keys, conflicting keys, other networks"],
  ["keepers?", "publish group"],
  ["preset targets?", "nginx target"],
  ["general targets?", "template target"],
  ["unopened", "without decryption"],
];

/** Expressions that are legitimate in a file or folder. */
const EXCEPTIONS: readonly (readonly [path: string, expression: string, reason: string])[] = [
  [".ci/plain-english.ts", ".*", "is the list"],
  ["test/docs.test.ts", ".*", "tests the list"],
  ["test/demo/", "say", "prints the story of the demo"],
  ["agent/seccomp.json", "alarm", "is a system call"],
  ["CHANGELOG.md", ".*", "names what was renamed"],
  ["renderer/nginx/page.ts", "claim", "is what a client does"],
  ["renderer/templates/nginx.conf.hbs", "claim", "is what a client does"],
];

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
  return EXCEPTIONS.some(
    ([file, expression]) => path.startsWith(file) && new RegExp(`^(?:${expression})$`, "i").test(found),
  );
}

function main(): void {
  const tracked = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n");
  const paths = tracked.filter((path) => TEXT.test(path) && !RECORDED.test(path));
  for (const path of paths) {
    for (const { line, found, use } of relapses(readFileSync(path, "utf8"))) {
      if (isException(path, found)) continue;
      process.stdout.write(`${path}:${line}: "${found}": write ${use}\n`);
      process.exitCode = 1;
    }
  }
}

if (process.argv[1]?.endsWith("plain-english.ts")) main();
