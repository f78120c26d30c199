import assert from "node:assert/strict";
import { test } from "node:test";
import { runCommand } from "../../../renderer/reload/command.ts";
import { errorsOf } from "../../../renderer/reload/errors-of.ts";

const WARNING = '2026/11/28 05:00:00 [warn] 7#7: the "listen ... http2" directive is deprecated in /c:9';
const ERROR = "2026/11/28 05:00:00 [emerg] 7#7: invalid number of arguments in /c:12";

for (const [title, output, kept] of [
  ["nginx's warnings are dropped next to an error", `${`${WARNING}\n`.repeat(99)}${ERROR}\n`, ERROR],
  ["HAProxy's warnings are dropped", "[WARNING] (7) : a\n[ALERT] (7) : b\n", "[ALERT] (7) : b"],
  [
    "lines without a level are kept",
    `${ERROR}\nnginx: configuration file /c test failed`,
    `${ERROR}\nnginx: configuration file /c test failed`,
  ],
  ["warnings without an error are kept", `${WARNING}\n`, WARNING],
  ["an error that quotes a warning is kept", `${ERROR} [warn]`, `${ERROR} [warn]`],
] as const) {
  test(`in a message about a rejected file, ${title}`, () => assert.equal(errorsOf(output), kept));
}

test("a hundred warnings do not bury the error of a check", async () => {
  const script = `for i in $(seq 100); do echo '${WARNING}' >&2; done; echo '${ERROR}' >&2; exit 1`;
  const result = await runCommand({ command: ["sh", "-c", script], timeout: 10_000 });
  assert.deepEqual(result, { kind: "rejected", message: `sh exited with 1: ${ERROR}` });
});
