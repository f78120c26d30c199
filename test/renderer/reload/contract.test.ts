import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import * as http from "node:http";
import type * as net from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ReloadChannel } from "../../../renderer/reload/channel.ts";
import type { Log } from "../../../shared/log.ts";
import { ReloadCommand } from "../../../renderer/reload/exec.ts";
import { ReloadSignal } from "../../../renderer/reload/signal.ts";
import { readOrEmpty } from "../../../renderer/disk/read-or-empty.ts";
import { nginxCommand, writeNginxConfigs } from "../../demo/local-nginx.ts";
import { eventually } from "../../eventually.ts";
import { runReloadLoop } from "./reload-loop.ts";
import { Rig, type Way } from "./rig.ts";
import { requires } from "../../requires.ts";

function checkCommand(rig: Rig): { command: string[]; timeout: number } {
  return { command: [...nginxCommand(rig.directory, rig.configs.candidate), "-t", "-q"], timeout: 10_000 };
}

const hasBusybox = spawnSync("busybox", ["true"]).status === 0;
const pidFile = (rig: Rig) => join(rig.directory, "nginx.pid");

const ways: readonly Way[] = [
  {
    name: "channel (dash)",
    loop: "dash",
    checks: true,
    knowsAbsence: true,
    control: (rig) => new ReloadChannel(rig.channel),
  },
  ...(hasBusybox
    ? [
        {
          name: "channel (busybox)",
          loop: "busybox" as const,
          checks: true,
          knowsAbsence: true,
          control: (rig: Rig) => new ReloadChannel(rig.channel),
        },
      ]
    : []),
  {
    name: "signal",
    loop: undefined,
    checks: false,
    knowsAbsence: true,
    control: (rig) => new ReloadSignal({ pidFile: pidFile(rig), signal: "SIGHUP" }, undefined),
  },
  {
    name: "signal with a check",
    loop: undefined,
    checks: true,
    knowsAbsence: true,
    control: (rig) => new ReloadSignal({ pidFile: pidFile(rig), signal: "SIGHUP" }, checkCommand(rig)),
  },
  {
    name: "exec",
    loop: undefined,
    checks: true,
    knowsAbsence: false,
    control: (rig) =>
      new ReloadCommand(
        { command: [...nginxCommand(rig.directory, rig.configs.live), "-s", "reload"], timeout: 10_000 },
        checkCommand(rig),
      ),
  },
];

const skip = requires("nginx");

for (const way of ways) {
  describe(`reload by ${way.name}`, { skip }, () => {
    let rig: Rig;
    before(async () => {
      rig = await Rig.start(way.loop);
      const control = way.control(rig);
      await eventually(
        "the server can be reached",
        async () => (await control.check(rig.candidate, true)).kind !== "unavailable",
      );
    });
    after(async () => await rig.close());

    test("loads a candidate, and new workers serve it", async () => {
      const control = way.control(rig);
      rig.stage(rig.configuration("second"));
      assert.deepEqual(await control.check(rig.candidate, true), { kind: way.checks ? "ok" : "unchecked" });
      rig.goLive(rig.configuration("second"));
      // A command returns before the old workers have stopped to accept; the other ways know when they have.
      const reloaded = way.name === "exec" ? await rig.reloadBy(control) : await control.reload();
      assert.deepEqual(reloaded, { kind: "ok" });
      assert.equal(await rig.answer(), "second");
    });

    const refusal = async (): Promise<void> => {
      const before = await rig.answer();
      rig.stage("server { listen 127.0.0.1:none; }\n");
      const result = await way.control(rig).check(rig.candidate, true);
      assert.equal(result.kind, "rejected");
      assert.match(result.kind === "rejected" ? result.message : "", /invalid port in "127.0.0.1:none"/);
      assert.equal(await rig.answer(), before);
    };
    // Without a check nothing is rejected.
    if (way.checks) test("rejects an invalid candidate with nginx's message, and changes nothing", refusal);

    test("keeps the old workers when nginx rejects the live configuration", async () => {
      const control = way.control(rig);
      const before = await rig.answer();
      const good = readFileSync(rig.live, "utf8");
      rig.goLive("server { listen 127.0.0.1:none; }\n");
      assert.equal((await control.reload()).kind, "rejected");
      assert.equal(await rig.answer(), before);
      rig.goLive(good);
      assert.equal((await rig.reloadBy(control)).kind, "ok");
    });

    const absence = async (): Promise<void> => {
      const control = way.control(rig);
      let returned = 0;
      const stop = control.onReady(() => (returned += 1));
      await rig.end();
      assert.equal((await control.reload()).kind, "unavailable");
      const seen = returned;
      await rig.begin(way.loop);
      await eventually("its return is reported", () => returned > seen);
      stop();
      await eventually("it can be reloaded", async () => (await control.reload()).kind === "ok");
    };
    // A command does not report why it failed.
    if (way.knowsAbsence) test("reports at once that the server is unreachable, and that it is back", absence);
  });
}

/** An nginx that starts: it has a master, and no worker before the file `go` exists. `reloaded` proves a later SIGHUP. */
const STARTING = `
  trap : HUP
  until [ -e go ]; do sleep 0.05; done
  start() { bash -c 'exec -a "nginx: worker process" sleep 1000' & worker=$!; }
  trap 'kill $worker; start; echo >reloaded' HUP
  trap 'kill $worker; exit' TERM
  start
  while :; do wait; done`;

test("a reload of an nginx that starts is not confirmed by its first workers", { skip }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-starting-"));
  const configs = writeNginxConfigs(directory);
  const channel = join(directory, "channel");
  for (const path of [channel, join(directory, "scratch")]) mkdirSync(path);
  writeFileSync(join(directory, "master.sh"), STARTING);
  copyFileSync("/bin/bash", join(directory, "nginx"));
  const start = `exec -a "nginx: master process" ./nginx master.sh`;
  const master = spawn("bash", ["-c", start], { cwd: directory, stdio: "ignore" });
  const loop = runReloadLoop(configs, channel);
  try {
    writeFileSync(join(directory, "nginx.pid"), `${master.pid}\n`);
    const channelControl = new ReloadChannel(channel);
    const signalControl = new ReloadSignal({ pidFile: join(directory, "nginx.pid"), signal: "SIGHUP" }, undefined);
    await eventually("the script announces nginx", () => /^\S+ ok /.test(readOrEmpty(join(channel, "ready"))));
    const results = [channelControl, signalControl].map(async (control) => {
      const { kind } = await control.reload();
      return [kind, existsSync(join(directory, "reloaded"))];
    });
    writeFileSync(join(directory, "go"), "");
    assert.deepEqual(await Promise.all(results), [
      ["ok", true],
      ["ok", true],
    ]);
  } finally {
    await loop.stop();
    master.kill("SIGTERM");
    rmSync(directory, { recursive: true, force: true });
  }
});

describe("the reload channel's loop", { skip }, () => {
  let rig: Rig;
  before(async () => {
    rig = await Rig.start("dash");
    await eventually(
      "the reload script listens",
      async () => (await new ReloadChannel(rig.channel).check("", true)).kind !== "unavailable",
    );
  });
  after(async () => await rig.close());

  test("ignores hostile requests and answers the next valid one", async () => {
    const words = [
      "\n",
      "reload\n",
      "test ../../x\n",
      "reload $(touch owned)\n",
      "rm -rf /\n",
      `test ${"a".repeat(3_000)};\n`,
      "reload abc def\n",
    ];
    for (const word of words) writeFileSync(join(rig.channel, "word"), word);
    rig.stage(rig.configuration("after"));
    assert.deepEqual(await new ReloadChannel(rig.channel).check("", true), { kind: "ok" });
    assert.equal(await rig.answer(), "first");
  });

  test("tests a candidate together with the other files of its directory", async () => {
    const control = new ReloadChannel(rig.channel);
    rig.addOther("upstream taken { server 127.0.0.1:1; }\nmap $host $theirs { default 1; }\n");
    rig.stage("upstream taken { server 127.0.0.1:2; }\n");
    const result = await control.check("", true);
    assert.match(result.kind === "rejected" ? result.message : "", /duplicate upstream "taken"/);
    rig.stage(rig.configuration("$theirs"));
    assert.deepEqual(await control.check("", true), { kind: "ok" });
  });

  /** Writes a file of the operator, who is neither the renderer nor nginx. */
  const addOwn = (text: string): void => {
    rig.addOther(text);
    chownSync(join(dirname(rig.live), "other.conf"), 12_345, 12_345);
  };

  test(
    "reads what nginx reads: relative names next to the main configuration, and files in their order",
    { skip: requires("root") },
    async () => {
      const control = new ReloadChannel(rig.channel);
      writeFileSync(join(rig.directory, "own_params"), "map $host $own_params { default 1; }\n");
      addOwn("include own_params;\ninclude conf.d/more.inc;\n");
      writeFileSync(join(dirname(rig.live), "more.inc"), "map $host $more { default 1; }\n");
      rig.stage(rig.configuration("$own_params$more"));
      assert.deepEqual(await control.check("", true), { kind: "ok" });
      // nginx reads other.conf after default.conf, which is why a reload would fail.
      addOwn("log_format later '$host';\n");
      rig.stage(`access_log off;\nserver { listen 127.0.0.1:1; access_log /dev/stdout later; }\n`);
      const result = await control.check("", true);
      assert.match(
        result.kind === "rejected" ? result.message : "",
        /unknown log format "later" in .*\/conf\.d\/\.sallyport\/candidate\/default\.conf:2/,
      );
    },
  );

  test("names the operator's file and line, not the copy that is tested", { skip: requires("root") }, async () => {
    writeFileSync(join(rig.directory, "own_params"), "\nnonsense 1;\n");
    addOwn("include own_params;\n");
    rig.stage(rig.configuration("seen"));
    const control = new ReloadChannel(rig.channel);
    const messageOf = async (): Promise<string> => {
      const result = await control.check("", true);
      return result.kind === "rejected" ? result.message : result.kind;
    };
    assert.match(await messageOf(), new RegExp(`"nonsense" in ${rig.directory}/own_params:2`));
    addOwn("\n\nnonsense 2;\n");
    assert.match(await messageOf(), new RegExp(`"nonsense" in ${rig.directory}/conf.d/other.conf:3`));
    addOwn("");
  });

  test("does not wait on a terminal for the passphrase of a key", { skip: requires("openssl", "script") }, () => {
    const [key, crt] = ["key", "crt"].map((ending) => join(rig.directory, `locked.${ending}`)) as [string, string];
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-passout", "pass:secret", "-subj", "/CN=locked"];
    spawnSync("openssl", [...request, "-keyout", key, "-out", crt]);
    const server = `server { listen 127.0.0.1:1 ssl; ssl_certificate ${crt}; ssl_certificate_key ${key}; }\n`;
    const main = join(rig.directory, "locked.conf");
    writeFileSync(main, `events { }\nhttp { ${server} include ${dirname(rig.live)}/*.conf; }\n`);
    const env = { ...process.env, SALLYPORT_MAIN_CONF: main, SALLYPORT_LIVE: dirname(rig.live) };
    const command = ["-qec", "dash renderer/nginx/90-sallyport-reload.sh check", "/dev/null"];
    const { stdout, status } = spawnSync("script", command, { env, encoding: "utf8", timeout: 15_000 });
    assert.equal(status, 1, stdout);
    assert.match(stdout, /locked\.key/);
  });

  test("reports a candidate outside of nginx's file system as unchecked", async () => {
    const control = new ReloadChannel(rig.channel);
    rig.stage(rig.configuration("seen"));
    assert.deepEqual(await control.check("", false), { kind: "unchecked" });
    rig.stage("nonsense;");
    assert.equal((await control.check("", false)).kind, "rejected");
    rig.stage(rig.configuration("seen"));
  });

  test("keeps transfers from before a reload, and ends only the oldest when there are too many old workers", async () => {
    const own = await Rig.start(undefined);
    // An app whose response does not end.
    const app = http.createServer((_, response) => response.setHeader("x-accel-buffering", "no").write("part"));
    const transfers: { isCut: boolean; stop: () => void }[] = [];
    const [, port] = /127\.0\.0\.1:([0-9]+)/.exec(own.configuration("")) ?? [];
    const begin = async (): Promise<void> => {
      const request = http.get({ port, agent: false });
      const transfer = { isCut: false, stop: () => request.destroy() };
      transfers.push(transfer);
      await new Promise((resolve, reject) => {
        request.on("error", reject).on("response", (response) => {
          response.once("data", resolve);
          response.on("error", () => undefined).on("close", () => (transfer.isCut = true));
        });
      });
    };
    const cut = (): boolean[] => transfers.map(({ isCut }) => isCut);
    try {
      await once(app.listen(0, "127.0.0.1"), "listening");
      own.beginLoop("dash", { SALLYPORT_OLD_WORKERS: "2" });
      const address = `127.0.0.1:${(app.address() as net.AddressInfo).port}`;
      const location = "location / { proxy_pass http://held; }";
      writeFileSync(
        own.live,
        `upstream held { server ${address}; }\nserver { listen 127.0.0.1:${port}; ${location} }\n`,
      );
      const control = new ReloadChannel(own.channel);
      await eventually("nginx is reloaded", async () => (await control.reload()).kind === "ok");
      for (let round = 0; round < 3; round += 1) {
        await begin();
        assert.deepEqual(await control.reload(), { kind: "ok" });
      }
      assert.deepEqual(cut(), [false, false, false]);
      assert.deepEqual(await control.reload(), { kind: "ok" });
      await eventually("the oldest transfer ends", () => transfers[0]!.isCut);
      assert.deepEqual(cut(), [true, false, false]);
    } finally {
      for (const { stop } of transfers) stop();
      app.closeAllConnections();
      app.close();
      await own.close();
    }
  });

  test("reports a variable that is not a number, and uses the default", () => {
    const env = { ...process.env, SALLYPORT_OLD_WORKERS: "many", SALLYPORT_TEST_SECONDS: "25s" };
    const { stderr } = spawnSync("sh", ["renderer/nginx/90-sallyport-reload.sh", "check"], { env, encoding: "utf8" });
    assert.match(stderr, /SALLYPORT_OLD_WORKERS is "many": must be a number up to 999999; using 32/);
    assert.match(stderr, /SALLYPORT_TEST_SECONDS is "25s": must be a number/);
  });

  test("names a main configuration that does not include the live file", async () => {
    const good = readFileSync(rig.configs.live, "utf8");
    writeFileSync(rig.configs.live, good.replace("include", "# include"));
    const result = await new ReloadChannel(rig.channel).check("", true);
    assert.match(result.kind === "rejected" ? result.message : "", /nginx\.conf does not include .*conf\.d/);
    writeFileSync(rig.configs.live, good);
  });

  for (const [what, command] of [
    ["a FIFO", "mkfifo answer"],
    ["a link to an endless file", "ln -s /dev/zero answer"],
    ["a file of a gigabyte", "truncate -s 1G answer"],
  ] as const) {
    test(`does not block on ${what} in place of the answer file`, async () => {
      // In a process of its own, which can be ended where it waits indefinitely.
      spawnSync("sh", ["-c", `mkdir trap; cd trap && mkfifo word && ${command}`], { cwd: rig.directory });
      const script = `import { ReloadChannel } from "${join(process.cwd(), "renderer/reload/channel.ts")}";
        new ReloadChannel("${rig.directory}/trap").check("", true).then(({ kind }) => {
          console.log(kind, process.memoryUsage().rss < 400e6 ? "small" : "large"); process.exit(); });`;
      const options = { timeout: 20_000, encoding: "utf8" as const, input: script };
      const { stdout } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module"], options);
      assert.equal(stdout, "unavailable small\n");
      rmSync(join(rig.directory, "trap"), { recursive: true });
    });
  }

  test("rejects a stale PID file that names another process", async () => {
    await rig.end();
    writeFileSync(pidFile(rig), `${process.pid}\n`);
    rig.beginLoop("dash");
    await eventually("nginx is reported as absent", async () => {
      const result = await new ReloadChannel(rig.channel).reload();
      return result.kind === "unavailable" && result.message === "nginx is not running";
    });
    await rig.end();
    await rig.begin("dash");
    await eventually("it can be reloaded", async () => (await new ReloadChannel(rig.channel).reload()).kind === "ok");
  });

  test("reports a channel without a listener at once, with a hint", async () => {
    const result = await new ReloadChannel(rig.directory).reload();
    assert.equal(result.kind, "unavailable");
    assert.match(result.kind === "unavailable" ? result.message : "", /mounted/);
  });
});

describe("reload by a command", () => {
  test("reports nginx's error without the warnings before it", async () => {
    const warnings = Array.from(
      { length: 200 },
      (_, line) => `2026/11/28 05:04:38 [warn] 5#5: deprecated in a:${line}`,
    );
    const command = [
      "sh",
      "-c",
      'printf "%s\\n" "$@" >&2; exit 1',
      "sh",
      ...warnings,
      "2026/11/28 05:04:38 [emerg] 5#5: b",
    ];
    const result = await new ReloadCommand({ command, timeout: 10_000 }, undefined).reload();
    const message = "sh exited with 1: 2026/11/28 05:04:38 [emerg] 5#5: b";
    assert.deepEqual(result, { kind: "rejected", message });
  });

  test("passes arguments without a shell", async () => {
    const script = `process.exit(process.argv[1] === "a; $(b) 'c'" ? 0 : 1)`;
    const command = [process.execPath, "-e", script, "a; $(b) 'c'"];
    assert.deepEqual(await new ReloadCommand({ command, timeout: 10_000 }, undefined).reload(), { kind: "ok" });
  });

  test("logs the command's output line by line when configured", async () => {
    const script = `console.log("one\\n\\ntwo"); console.error("three"); process.exit(1)`;
    const logged: unknown[] = [];
    const log: Log = (_level, event, fields) => void logged.push([event, fields?.["line"]]);
    const command = { command: [process.execPath, "-e", script], timeout: 10_000 };
    assert.equal((await new ReloadCommand(command, undefined, log).reload()).kind, "rejected");
    assert.deepEqual(
      logged,
      ["one", "two", "three"].map((line) => ["reload.output", line]),
    );
  });

  test("kills a command that prints without end, and names the limit", async () => {
    const result = await new ReloadCommand({ command: ["yes"], timeout: 20_000 }, undefined).reload();
    assert.match(result.kind === "rejected" ? result.message : "", /yes printed more than 16777216 bytes/);
  });

  test("kills a command that exceeds its timeout", async () => {
    const command = [process.execPath, "-e", "setInterval(() => 0, 1000)"];
    const result = await new ReloadCommand({ command, timeout: 300 }, undefined).reload();
    assert.match(result.kind === "rejected" ? result.message : "", /did not finish within 300 ms/);
  });

  test("reports a missing command as unavailable, with its name", async () => {
    const result = await new ReloadCommand({ command: ["/no/such/program"], timeout: 1_000 }, undefined).reload();
    assert.match(result.kind === "unavailable" ? result.message : "", /\/no\/such\/program cannot be run: ENOENT/);
  });
});

test(
  "reports that a process of another user cannot be signalled, with a hint",
  { skip: requires("root") },
  async () => {
    const script = `
    process.setuid(65533);
    import("./renderer/reload/signal.ts").then(async ({ ReloadSignal }) => {
      console.log(JSON.stringify(await new ReloadSignal({ pidFile: process.argv[1], signal: "SIGHUP" }, undefined).reload()));
    });`;
    const rig = await Rig.start(undefined);
    try {
      spawnSync("chmod", ["711", rig.directory]);
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ["--import", "tsx", "-e", script, join(rig.directory, "nginx.pid")],
        { encoding: "utf8" },
      );
      assert.match(stdout, /EPERM; run the renderer as the server's user/, stderr);
    } finally {
      await rig.close();
    }
  },
);
