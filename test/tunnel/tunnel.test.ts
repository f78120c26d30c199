import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { Subscription } from "../../renderer/inventory/subscription.ts";
import { BackgroundProcess } from "../demo/background-process.ts";
import { eventually } from "../eventually.ts";
import { container, FakeAgent } from "../renderer/fake-agent.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

const STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so";
const EXAMPLES = resolve("docs/examples/tunnel");

/** Addresses of the two Docker hosts. */
const [APP, EDGE] = ["10.203.77.1", "10.203.77.2"];
const NAMES = ["renderer", "app-1", "app-2"];

describe(
  "an agent on another Docker host",
  { skip: requires("root", "ip", "openssl", "nginx", "sshd", "ssh", STREAM) },
  () => {
    const [app, edge] = [`sp-app-${process.pid}`, `sp-edge-${process.pid}`];
    let directory: string;
    let agent: FakeAgent;
    let local: FakeAgent;
    const processes: BackgroundProcess[] = [];
    const stop = new AbortController();
    const followed: Promise<void>[] = [];

    before(() => {
      directory = mkdtempSync(join(tmpdir(), "sallyport-tunnel-"));
      for (const name of [app, edge]) ip("netns", "add", name);
      ip("link", "add", "sp0", "netns", app, "type", "veth", "peer", "name", "sp0", "netns", edge);
      for (const [name, address] of [
        [app, APP],
        [edge, EDGE],
      ] as const) {
        ip("-n", name, "address", "add", `${address}/24`, "dev", "sp0");
        for (const device of ["lo", "sp0"]) ip("-n", name, "link", "set", device, "up");
      }
      execFileSync(join(EXAMPLES, "certificates.sh"), [join(directory, "ca"), ...NAMES], { stdio: "ignore" });
      agent = new FakeAgent(join(directory, "agent.sock"));
      agent.host = "app-1";
      local = new FakeAgent(join(directory, "local.sock"));
      local.host = "edge";
    });
    afterEach(async () => {
      for (const one of processes.splice(0)) await one.stop();
    });
    after(async () => {
      stop.abort();
      await Promise.all(followed);
      await Promise.all([agent.close(), local.close()]);
      for (const name of [app, edge]) ip("netns", "del", name);
      await removeDirectory(directory);
    });

    function ip(...args: readonly string[]): void {
      execFileSync("ip", args);
    }

    function start(name: string, namespace: string, ...command: readonly string[]): BackgroundProcess {
      const started = new BackgroundProcess(name, "ip", ["netns", "exec", namespace, ...command]);
      processes.push(started);
      return started;
    }

    /** Runs nginx with an example configuration, where the certificate of `holder` is mounted. */
    function startTunnel(example: "agent" | "renderer", holder: string, socket = "app-1.sock"): BackgroundProcess {
      const own = mkdtempSync(join(directory, `${example}-`));
      const mounted = example === "agent" ? "host" : "renderer";
      copyFileSync(join(directory, "ca", "ca.crt"), join(own, "ca.crt"));
      for (const ending of ["crt", "key"])
        copyFileSync(join(directory, "ca", `${holder}.${ending}`), join(own, `${mounted}.${ending}`));
      const text = readFileSync(join(EXAMPLES, `${example}.conf`), "utf8")
        .replaceAll("/etc/tunnel", own)
        .replaceAll("/tmp/nginx.pid", join(own, "nginx.pid"))
        .replaceAll("/run/sallyport/agent/rpc.sock", join(directory, "agent.sock"))
        .replaceAll("/run/sallyport/remote/app-1.sock", join(directory, socket))
        .replaceAll("192.0.2.7", APP);
      writeFileSync(join(own, "nginx.conf"), `load_module ${STREAM};\nuser root;\n${text}`);
      const args = ["-e", "stderr", "-p", own, "-c", join(own, "nginx.conf"), "-g", "daemon off;"];
      return start(`tunnel of ${holder}`, example === "agent" ? app : edge, "nginx", ...args);
    }

    function follow(socket: string, host: string): Subscription {
      const subscription = new Subscription(
        { socket: join(directory, socket), host },
        () => undefined,
        () => undefined,
      );
      followed.push(subscription.run(stop.signal));
      return subscription;
    }

    test("is followed through the tunnel, and its absence while the network is down touches no other host", async () => {
      startTunnel("agent", "app-1");
      startTunnel("renderer", "renderer");
      const [remote, near] = [follow("app-1.sock", "app-1"), follow("local.sock", "edge")];
      await eventually("both are followed", () => remote.isComplete && near.isComplete);
      ip("-n", app, "link", "set", "sp0", "down");
      await eventually("the absence is noticed", () => remote.state.absentSince !== undefined);
      assert.equal(near.state.absentSince, undefined);
      assert.equal(remote.known.length, 2);
      agent.first = [container("c")];
      agent.generation = 9;
      ip("-n", app, "link", "set", "sp0", "up");
      await eventually(
        "it is followed again",
        () => remote.known.map(({ container: { name } }) => name).join() === "appc",
      );
    });

    test("is not reached with a certificate of the same authority and another name", async () => {
      const tunnel = startTunnel("agent", "app-1");
      startTunnel("renderer", "app-2", "by-app-2.sock");
      const subscription = follow("by-app-2.sock", "app-1");
      await eventually("the tunnel rejects it", () => /no host in upstream/.test(tunnel.lines.join("\n")));
      await eventually("it ended", () => subscription.state.error === "the agent closed the connection");
      assert.equal(subscription.isComplete, false);
    });

    test("is refused if it has the certificate of another host", async () => {
      startTunnel("agent", "app-2");
      const tunnel = startTunnel("renderer", "renderer", "to-app-2.sock");
      const subscription = follow("to-app-2.sock", "app-1");
      await eventually("nginx rejects the certificate", () =>
        /certificate does not match "app-1"/.test(tunnel.lines.join("\n")),
      );
      assert.equal(subscription.isComplete, false);
    });

    test("is followed through a socket that ssh forwards", async () => {
      const keys = join(directory, "ssh");
      mkdirSync(keys);
      mkdirSync("/run/sshd", { recursive: true });
      for (const name of ["host", "client"])
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(keys, name)]);
      writeFileSync(
        join(keys, "authorized"),
        `restrict,port-forwarding ${readFileSync(join(keys, "client.pub"), "utf8")}`,
      );
      chmodSync(directory, 0o755);
      const settings = {
        HostKey: join(keys, "host"),
        AuthorizedKeysFile: join(keys, "authorized"),
        StreamLocalBindUnlink: "yes",
        StrictModes: "no",
        PidFile: "none",
        ListenAddress: EDGE,
      };
      const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
      start("sshd", edge, "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", "2222", ...options);
      const forwarded = join(directory, "by-ssh.sock");
      const known = `[${EDGE}]:2222 ${readFileSync(join(keys, "host.pub"), "utf8")}`;
      writeFileSync(join(keys, "known"), known);
      await eventually("ssh connects", async () => {
        const client = start(
          "ssh",
          app,
          "ssh",
          "-N",
          "-F",
          "/dev/null",
          `-oIdentityFile=${join(keys, "client")}`,
          "-oPort=2222",
          `-oUserKnownHostsFile=${join(keys, "known")}`,
          "-oExitOnForwardFailure=yes",
          `-R${forwarded}:${join(directory, "agent.sock")}`,
          `root@${EDGE}`,
        );
        const subscription = follow("by-ssh.sock", "app-1");
        await eventually("it is followed", () => subscription.isComplete || client.failure !== undefined);
        return subscription.isComplete;
      });
    });
  },
);
