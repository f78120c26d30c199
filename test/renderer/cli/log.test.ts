import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bundle } from "../../../.ci/bundle.ts";
import { fc } from "../../property.ts";
import { createTerminalLog } from "../../../renderer/cli/log.ts";
import { eventually } from "../../eventually.ts";
import { container, FakeAgent } from "../fake-agent.ts";
import { requires } from "../../requires.ts";

/** Returns a log of lines at midnight. */
function createLines(hasColours = false) {
  const lines: string[] = [];
  const log = createTerminalLog(
    (line) => void lines.push(line),
    hasColours,
    () => new Date(0),
  );
  return { log, lines };
}

test("prints one line an event, with its subject first and without fields for programs", () => {
  const { log, lines } = createLines();
  log("info", "route.changed", { servers: "10.0.0.1:80", host: "a.example" });
  log("info", "publish.succeeded", { path: "/x.conf", generation: 3, sha256: "a".repeat(64) });
  log("debug", "agent.asked", { generation: 1 });
  assert.deepEqual(lines, [
    "00:00:00Z  route.changed           a.example  servers=10.0.0.1:80\n",
    "00:00:00Z  publish.succeeded       /x.conf  generation=3\n",
  ]);
});

test("colours warnings and errors if the terminal supports colours", () => {
  const { log, lines } = createLines(true);
  log("error", "renderer.crashed");
  assert.deepEqual(lines, ["\u001b[31m00:00:00Z  renderer.crashed\u001b[39m\n"]);
});

test("prints every field of containers as one line of printable ASCII", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (hostile) => {
      const { log, lines } = createLines();
      log("warn", "container.quarantined", { container: hostile, reason: hostile });
      assert.match(lines.join(""), /^[\x20-\x7e]*\n$/);
    }),
  );
});

test("the renderer logs readable lines at a terminal", { skip: requires("script") }, async () => {
  await bundle("renderer", { write: true });
  const directory = mkdtempSync(join(tmpdir(), "sallyport-terminal-"));
  const agent = new FakeAgent(join(directory, "agent.sock"));
  agent.first = [container("a", { networks: [{ name: "n", ipv4: "10.0.0.1" }], ports: [{ port: 80, proto: "tcp" }] })];
  writeFileSync(
    join(directory, "renderer.yml"),
    JSON.stringify({
      agents: [{ socket: join(directory, "agent.sock") }],
      proxy: "host",
      statusSocket: join(directory, "status.sock"),
      targets: [
        {
          template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
          destination: join(directory, "default.conf"),
          reload: "none",
        },
      ],
    }),
  );
  const command = `echo pid $$; exec node dist/renderer.cjs run --config ${join(directory, "renderer.yml")}`;
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let seen = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (seen += part));
  try {
    await eventually("the file is published", () =>
      /Z {2}publish\.succeeded +\S+default\.conf {2}generation=1/.test(seen),
    );
    const pid = Number(/^pid ([0-9]+)/m.exec(seen)?.[1]);
    process.kill(pid, "SIGINT");
    await eventually("the last line is complete", () => /renderer\.stopped\S*\s*$/.test(seen) && seen.endsWith("\n"));
  } finally {
    child.kill();
    await agent.close();
    rmSync(directory, { recursive: true });
  }
});
