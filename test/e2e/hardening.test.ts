import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { Stack } from "./stack.ts";
import { requires } from "../requires.ts";

/** The fields of `docker inspect` that these tests read. */
interface Inspected {
  readonly Config: { readonly User: string; readonly Image: string; readonly Healthcheck?: object };
  readonly HostConfig: {
    readonly Binds: readonly string[] | null;
    readonly CapAdd: readonly string[] | null;
    readonly CapDrop: readonly string[] | null;
    readonly GroupAdd: readonly string[] | null;
    readonly NetworkMode: string;
    readonly PidMode: string;
    readonly IpcMode: string;
    readonly Privileged: boolean;
    readonly ReadonlyRootfs: boolean;
    readonly Memory: number;
    readonly PidsLimit: number;
    readonly PortBindings: Record<string, unknown>;
    readonly LogConfig: { readonly Config: Record<string, string> };
    readonly SecurityOpt: readonly string[];
    readonly Ulimits: readonly { readonly Name: string; readonly Hard: number }[];
    readonly RestartPolicy: { readonly Name: string };
  };
  readonly Mounts: readonly { readonly Destination: string; readonly RW: boolean; readonly Source: string }[];
  readonly State: { readonly Pid: number; readonly Health?: { readonly Status: string } };
}

const SERVICES = ["agent", "renderer", "nginx"] as const;

describe("the hardening of the running stack", { skip: requires("docker") }, () => {
  let stack: Stack;
  before(async () => {
    stack = await Stack.up("spe2e-hardening", { demo: false });
  });
  after(async () => await stack.down());

  async function inspect(service: string): Promise<Inspected> {
    const answer = await docker("inspect", stack.container(service));
    return (JSON.parse(answer) as Inspected[])[0]!;
  }

  for (const service of SERVICES) {
    test(`${service} is read-only and has limits, but no capabilities, privileges or shared namespaces`, async () => {
      const { HostConfig: host, Config: config } = await inspect(service);
      assert.equal(host.ReadonlyRootfs, true);
      assert.deepEqual(host.CapDrop, ["ALL"]);
      assert.equal(host.Privileged, false);
      assert.ok(!/^(host|container:)/.test(host.PidMode) && !/^(host|container:)/.test(host.IpcMode));
      assert.notEqual(host.NetworkMode, "host");
      assert.ok(host.SecurityOpt.includes("no-new-privileges:true"));
      assert.ok(host.Memory > 0 && host.PidsLimit > 0);
      assert.ok(host.Ulimits.some(({ Name, Hard }) => Name === "core" && Hard === 0));
      assert.ok(host.LogConfig.Config["max-size"] && host.LogConfig.Config["max-file"]);
      assert.equal(host.RestartPolicy.Name, "unless-stopped");
      assert.ok(config.Healthcheck);
    });

    test(`${service} becomes healthy`, async () => {
      await eventually(
        `${service} is healthy`,
        async () => (await inspect(service)).State.Health?.Status === "healthy",
        90_000,
      );
    });
  }

  test("nginx can write only to memory of limited size, where nothing can be executed", async () => {
    const mounts = await docker("exec", stack.container("nginx"), "cat", "/proc/mounts");
    const writable = mounts.split("\n").flatMap((line) => {
      const [, place = "", kind = "", options = ""] = line.split(" ");
      const isOwn = /^\/(?:proc|sys|dev)(?:\/|$)/.test(place) && place !== "/dev/shm";
      return isOwn || options.split(",").includes("ro") ? [] : [{ place, kind, options: options.split(",") }];
    });
    assert.deepEqual(writable.map(({ place }) => place).toSorted(), ["/dev/shm", "/run/sallyport/reload", "/tmp"]);
    for (const { place, kind, options } of writable) {
      assert.equal(kind, "tmpfs", place);
      for (const wanted of ["noexec", "nosuid", "nodev"]) assert.ok(options.includes(wanted), `${place}: ${wanted}`);
      assert.ok(
        options.some((option) => /^size=[1-9]/.test(option)),
        `${place} has a size`,
      );
    }
    const fill = "dd if=/dev/zero of=/run/sallyport/reload/filled bs=64k 2>&1; rm /run/sallyport/reload/filled";
    assert.match(await docker("exec", stack.container("nginx"), "sh", "-c", fill), /No space left on device/);
  });

  test("the reload channel reports the id of nginx's container and nginx's version", async () => {
    const id = await docker("inspect", "-f", "{{.Id}}", stack.container("nginx"));
    const ready = await docker("exec", stack.container("nginx"), "cat", "/run/sallyport/reload/ready");
    assert.match(ready, new RegExp(`^[0-9a-f-]{36} ok ${id}(?: [0-9.]+)?(?:\n|$)`));
  });

  test("only the agent has the Docker socket and may change its user, only nginx has a port and a network", async () => {
    const all = Object.fromEntries(
      await Promise.all(SERVICES.map(async (name) => [name, await inspect(name)] as const)),
    );
    const withSocket = SERVICES.filter((name) =>
      all[name]!.Mounts.some(({ Source }) => Source.endsWith("docker.sock")),
    );
    assert.deepEqual(withSocket, ["agent"]);
    assert.deepEqual(
      SERVICES.map((name) => all[name]!.HostConfig.CapAdd?.toSorted() ?? []),
      [["SETGID", "SETUID"], [], []],
    );
    assert.deepEqual(
      SERVICES.filter((name) => all[name]!.HostConfig.NetworkMode !== "none"),
      ["nginx"],
    );
    assert.deepEqual(
      SERVICES.filter((name) => Object.keys(all[name]!.HostConfig.PortBindings).length > 0),
      ["nginx"],
    );
    assert.deepEqual([all["renderer"]!.Config.User, all["nginx"]!.Config.User], ["65533:65533", "101:101"]);
    const conf = all["nginx"]!.Mounts.find(({ Destination }) => Destination === "/etc/nginx/conf.d");
    assert.equal(conf?.RW, false);
  });

  test("the agent serves as an unprivileged user with one additional group and no capability", async () => {
    await eventually("the agent has dropped root", async () => {
      const status = await processStatus("agent");
      return status["Uid"] === "65532 65532 65532 65532";
    });
    const status = await processStatus("agent");
    assert.equal(status["Gid"], "65532 65532 65532 65532");
    assert.equal(status["Groups"]?.trim().split(" ").length, 1);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) assert.equal(status[set], "0000000000000000");
    assert.equal(status["NoNewPrivs"], "1");
    assert.equal(status["Seccomp"], "2");
    assert.doesNotMatch(await stack.compose("logs", "agent"), /agent\.unconfined/);
  });

  test("the agent runs with every restricting flag of Node and without an inspector", async () => {
    const { Pid } = (await inspect("agent")).State;
    const commandLine = readFileSync(`/proc/${Pid}/cmdline`, "utf8").split("\0");
    const expected = ["--permission", "--disable-proto=delete", "--disallow-code-generation-from-strings"];
    for (const flag of [...expected, "--frozen-intrinsics", "--no-addons", "--jitless", "--disable-sigusr1"]) {
      assert.ok(commandLine.includes(flag), flag);
    }
    assert.ok(!commandLine.some((argument) => /^--allow-(child-process|worker)/.test(argument)));
  });

  test("the images of agent and renderer contain Node and one program, but no shell and no package manager", async () => {
    for (const service of ["agent", "renderer"] as const) {
      for (const program of ["/bin/sh", "sh", "npm", "/usr/local/bin/npm"]) {
        const exec = docker("exec", stack.container(service), program, "-c", "true");
        // 126 and 127: there is no such program.
        await assert.rejects(exec, ({ code }: { code?: number }) => code === 126 || code === 127);
      }
    }
  });

  test("the seccomp profile of agent and renderer rejects all sockets but Unix sockets", async () => {
    const probe = `
      const net = require("node:net");
      const socket = net.connect(9, "127.0.0.1");
      socket.on("error", (error) => console.log("tcp", error.code));
      require("node:dgram").createSocket("udp4").on("error", (error) => console.log("udp", error.code)).bind(0);`;
    for (const profile of ["agent/seccomp.json"]) {
      const out = await docker(
        "run",
        "--rm",
        "--label",
        `sallyport.test=${stack.project}`,
        "--security-opt",
        `seccomp=${profile}`,
        "--security-opt",
        "no-new-privileges:true",
        "--cap-drop",
        "ALL",
        "--user",
        "65532",
        "--entrypoint",
        "/node",
        "sallyport-agent",
        "-e",
        probe,
      );
      assert.match(out, /tcp EPERM/);
      assert.match(out, /udp EPERM/);
    }
  });

  async function processStatus(service: string): Promise<Record<string, string>> {
    const { Pid } = (await inspect(service)).State;
    const lines = readFileSync(`/proc/${Pid}/status`, "utf8").split("\n");
    return Object.fromEntries(
      lines.map((line) => line.split(":\t")).map(([key = "", value = ""]) => [key, value.replaceAll("\t", " ").trim()]),
    );
  }

  test("the audit trail is verified by an image of its own, and commands of the agent need no user id", async () => {
    if (process.env["SALLYPORT_IMAGES"] !== "given") await stack.compose("build", "-q", "audit");
    assert.match(await stack.compose("run", "--rm", "audit", "verify"), /records 1 to [0-9]+ are intact, signed by/);
    assert.match(await stack.compose("run", "--rm", "audit", "report"), /Docker request/);
    const copies = `try { fs.readFileSync("/var/lib/sallyport/audit/key") } catch ({ code }) { console.log(code) }`;
    assert.match(await stack.compose("run", "--rm", "--entrypoint", "/node", "audit", "-e", copies), /EACCES/);
    assert.match(await stack.compose("exec", "-T", "agent", "/node", "/app/agent.cjs", "health"), /"audit":"ok"/);
    const nginx = stack.container("nginx");
    assert.match(
      await stack.compose("exec", "-T", "agent", "/node", "/app/agent.cjs", "policy", "explain", nginx),
      /withheld: /,
    );
  });
});
