import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { createTerminalLog } from "../../../renderer/cli/terminal-log.ts";
import { eventually } from "../../eventually.ts";
import { container, FakeAgent } from "../fake-agent.ts";
import { requires } from "../../requires.ts";

function collect(columns = 120): { log: ReturnType<typeof createTerminalLog>; text: () => string } {
  let text = "";
  const terminal = { write: (more: string) => void (text += more), columns: () => columns, hasColours: false };
  return { log: createTerminalLog(terminal, () => new Date(0)), text: () => text };
}

test("each event is a line, and the last line says how all stands", () => {
  const { log, text } = collect();
  log("info", "target.started", { destination: "/x.conf", reload: "none" });
  log("info", "agent.connected", { socket: "/a.sock", host: "local" });
  log("info", "route.changed", { host: "a.example", servers: "10.0.0.1:80" });
  log("info", "publish.succeeded", { destination: "/x.conf", generation: 3 });
  const lines = text().split("\n");
  assert.match(lines[2] ?? "", /00:00:00Z {2}route\.changed {9} {2}a\.example {2}servers=10\.0\.0\.1:80$/);
  assert.equal(lines.at(-1), "1 hosts | agents 1/1 | /x.conf live (3)");
  log("warn", "agent.lost", { socket: "/a.sock", reason: "ENOENT" });
  log("info", "route.removed", { host: "a.example" });
  assert.equal(text().split("\n").at(-1), "0 hosts | agents 0/1 | /x.conf live (3)");
});

test("nothing that a container says moves the cursor or makes a line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (hostile) => {
      const { log, text } = collect();
      log("warn", "container.remark", { container: hostile, detail: hostile });
      const [clear, ...rest] = text().split("K");
      assert.equal(clear, "\r\u001b[");
      assert.match(rest.join("K"), /^[\x20-\x7e]*\n[\x20-\x7e]*$/);
    }),
  );
});

test("the last line is not longer than the terminal", () => {
  const { log, text } = collect(10);
  log("info", "target.started", { destination: "/a/very/long/path/to/a/file.conf" });
  assert.equal(text().split("\n").at(-1)?.length, 9);
});

test("a mistake is told as it is and whole, and nothing is left where the prompt comes", () => {
  const { log, text } = collect();
  const problem = `${"/long".repeat(60)}/renderer.yml:6:5: targets.0: unknown key "destinaton", did you mean "destination"?`;
  log("error", "renderer.misconfigured", { problem });
  assert.equal(text(), `\r\u001b[K${problem}\n`);
});

test("when the renderer ends, the line that says how all stands is gone", () => {
  const { log, text } = collect();
  log("info", "publish.succeeded", { destination: "/x.conf", generation: 3, sha256: "a".repeat(64) });
  assert.doesNotMatch(text(), /aaaa/);
  log("info", "renderer.stopped");
  assert.ok(text().endsWith("live (3)\r\u001b[K00:00:00Z  renderer.stopped\n"), JSON.stringify(text()));
});

test("the renderer at a terminal speaks to a person", { skip: requires("script") }, async () => {
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
  const command = `echo pid $$; exec node --import tsx renderer/main.ts run --config ${join(directory, "renderer.yml")}`;
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let seen = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (seen += part));
  try {
    await eventually("it says how all stands", () =>
      /1 hosts \| agents 1\/1 \| \S+default\.conf live \(1\)/.test(seen),
    );
    const pid = Number(/^pid ([0-9]+)/m.exec(seen)?.[1]);
    process.kill(pid, "SIGINT");
    await eventually("its last line is whole", () => /renderer\.stopped\S*\s*$/.test(seen) && seen.endsWith("\n"));
  } finally {
    child.kill();
    await agent.close();
    rmSync(directory, { recursive: true });
  }
});
