import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as https from "node:https";
import * as tls from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { docker, isPodman } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { IMAGE, SelfContained } from "./self-contained-box.ts";
import { request } from "./stack.ts";
import { Traffic } from "./traffic.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

/** What runs in the container: user, effective capabilities in hexadecimal, groups, command. */
const PROCESSES = String.raw`for p in /proc/[0-9]*; do
  [ -r $p/cmdline ] || continue
  u=$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' $p/status); c=$(sed -n 's/^CapEff:\t//p' $p/status)
  g=$(sed -n "s/^Groups:\t//p" $p/status); echo "$u|$c|$g|$(tr '\0' ' ' <$p/cmdline)"
done`;

interface Running {
  readonly user: number;
  readonly capabilities: bigint;
  readonly groups: readonly string[];
  readonly command: string;
}

describe("the self-contained image in place of nginx-proxy's", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-self-"));
  const certificates = join(directory, "certs");
  const vhosts = join(directory, "vhost.d");
  const passwords = join(directory, "htpasswd");
  let box: SelfContained;
  before(async () => {
    await SelfContained.build();
    box = await SelfContained.make("spe2e-self");
    chmodSync(directory, 0o755);
    for (const path of [certificates, vhosts, passwords]) mkdirSync(path);
    await box.app("steady", "-e", "VIRTUAL_HOST=steady.example");
    const mounts = [[certificates, "certs"] as const, [vhosts, "vhost.d"] as const, [passwords, "htpasswd"] as const];
    const volumes = mounts.flatMap(([from, to]) => ["-v", `${from}:/etc/nginx/${to}:ro`]);
    await box.start(...volumes, "-e", "DEFAULT_HOST=steady.example");
  });
  after(async () => {
    await box.remove();
    await removeDirectory(directory);
  });

  async function running(): Promise<Running[]> {
    // A process that ends meanwhile tells nothing of itself.
    const lines = (await box.exec("sh", "-c", PROCESSES)).split("\n").filter((line) => /^\d+\|[0-9a-f]+\|/.test(line));
    return lines.map((line) => {
      const [user, capabilities, groups = "", command = ""] = line.split("|");
      return {
        user: Number(user),
        capabilities: BigInt(`0x${capabilities}`),
        groups: groups.split(" ").filter((group) => group !== ""),
        command,
      };
    });
  }

  /** The process whose command has these words, as the supervisor started it. */
  async function find(words: string): Promise<Running> {
    // Workers come and go with a reload.
    return await eventually(words, async () => (await running()).find(({ command }) => command.includes(words)));
  }

  async function killPart(words: string): Promise<void> {
    const script = `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q '^[^ ]*ld-linux.*${words}' && kill -9 "\${p#/proc/}"; done; true`;
    await box.exec("sh", "-c", script);
  }

  test("routes, at the place where nginx-proxy generates its file, and DEFAULT_HOST answers for strangers", async () => {
    const headers = await box.answers("steady.example", "steady");
    assert.equal(headers["x-forwarded-port"], "80");
    await box.answers("stranger.example", "steady");
    assert.match(await box.exec("cat", "/etc/nginx/conf.d/default.conf"), /server_name steady\.example;/);
  });

  test("agent, renderer and nginx are three users; only the agent can use the Docker socket", async () => {
    const socketGroup = await box.exec("stat", "-c", "%g", "/tmp/docker.sock");
    const [agent, renderer] = [await find("agent.cjs serve"), await find("renderer.cjs run")];
    assert.deepEqual([agent.user, agent.capabilities, agent.groups], [65_532, 0n, [socketGroup]]);
    assert.deepEqual([renderer.user, renderer.capabilities, renderer.groups], [65_533, 0n, ["65532"]]);
    // CAP_NET_BIND_SERVICE and no other.
    for (const words of ["nginx: master", "nginx: worker"]) {
      const found = await find(words);
      assert.deepEqual([found.user, found.capabilities, found.groups], [101, 1n << 10n, []]);
    }
    const rooted = (await running()).filter(({ user }) => user === 0).map(({ command }) => command);
    // Those that just begin or end, or ask for Docker's health check, and our own.
    const known =
      /start\.sh|certificates\.sh|^$|^\/bin\/sh \/usr\/local\/bin\/sallyport-|^(sh -c|sed|tr|sleep|stat|setpriv|id) /;
    assert.deepEqual(
      rooted.filter((command) => !known.test(command)),
      [],
    );
    for (const ids of ["--reuid 65533 --regid 65533 --groups 65532", "--reuid 101 --regid 101 --clear-groups"]) {
      const can = await box.exec("sh", "-c", `setpriv ${ids} test -w /tmp/docker.sock && echo yes || echo no`);
      assert.equal(can, "no", ids);
    }
  });

  test("agent and renderer may die while others are served, and changes are followed after it", async () => {
    const traffic = new Traffic({ host: await box.address(), port: 80 }, ["steady.example"]);
    for (const part of ["agent.cjs serve", "renderer.cjs run"]) {
      await killPart(part);
      const name = part.slice(0, 5);
      await box.app(name, "-e", `VIRTUAL_HOST=${name}.example`);
      await box.answers(`${name}.example`, name);
      await docker("rm", "-f", `${box.name}-${name}`);
      await eventually(`${name} is gone`, async () => !(await box.get(`${name}.example`)).body.includes(`"${name}"`));
    }
    assert.deepEqual(await traffic.end(), []);
    assert.ok(traffic.requests > 0);
  });

  test("keys that only root may read are used; a renewed certificate is served without a change of any container", async () => {
    const host = "steady.example";
    for (const round of [1, 2]) {
      const authority = makeCertificate(certificates, host, [host], 30 + round);
      chmodSync(join(certificates, `${host}.key`), 0o600);
      // Some have both in one file, and some links lead to what is no certificate.
      appendFileSync(join(certificates, `${host}.crt`), readFileSync(join(certificates, `${host}.key`)));
      if (round === 1) symlinkSync("/etc/shadow", join(certificates, "other.crt"));
      await eventually(`certificate ${round} is served`, async () => (await tlsStatus(authority)) === 200);
    }
    await box.answered(host, 301);
    assert.equal(await protocolOf(host), "h2");
    assert.doesNotMatch(await box.logs(), /deprecated/);
    const script = "cat /run/sallyport/certificates/* 2>/dev/null | grep -v '^[A-Za-z0-9+/=]*$'";
    const readable = await box.exec("setpriv", "--reuid", "65533", "--clear-groups", "sh", "-c", script);
    assert.equal(readable, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----");
    for (const ending of ["crt", "key"]) rmSync(join(certificates, `${host}.${ending}`));
    await box.answers(host, "steady");
  });

  /** What TLS agrees to speak. */
  async function protocolOf(servername: string): Promise<string | false | null> {
    const host = await box.address();
    return await new Promise((resolve, reject) => {
      const options = { host, port: 443, servername, ALPNProtocols: ["h2", "http/1.1"], rejectUnauthorized: false };
      const socket = tls.connect(options, () => {
        resolve(socket.alpnProtocol);
        socket.destroy();
      });
      socket.on("error", reject);
    });
  }

  async function tlsStatus(ca: string): Promise<number> {
    const host = await box.address();
    return await new Promise((resolve) => {
      const name = "steady.example";
      const options = { host, port: 443, servername: name, headers: { host: name }, ca, agent: false };
      const asked = https.get(options, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      });
      asked.on("error", () => resolve(0));
    });
  }

  test("vhost.d and htpasswd are used as nginx-proxy's users lay them down, with its variables", async () => {
    writeFileSync(join(vhosts, "steady.example_location"), "proxy_set_header X-Theirs $proxy_x_forwarded_proto;\n");
    // A header at a location takes the place of all others, as nginx has it.
    await eventually(
      "the lines count",
      async () => (await box.answers("steady.example", "steady"))["x-theirs"] === "http",
    );
    rmSync(join(vhosts, "steady.example_location"));
    writeFileSync(join(passwords, "steady.example"), "user:{PLAIN}secret\n");
    await box.answered("steady.example", 401);
    rmSync(join(passwords, "steady.example"));
    await box.answers("steady.example", "steady");
  });

  test("a container with a poisonous value is set aside, and people are told in the container", async () => {
    await box.app("poison", "-e", "VIRTUAL_HOST=poison.example", "-e", "VIRTUAL_PORT=80;}");
    await eventually("it is told", async () =>
      (
        await box
          .exec("sallyport-renderer", "explain", `${box.name}-poison`)
          .catch((error: { stdout: string }) => error.stdout)
      ).includes("not a port number"),
    );
    await box.answers("steady.example", "steady");
    await docker("rm", "-f", `${box.name}-poison`);
  });

  test("the agent's trail is whole, and can be verified in the container", async () => {
    assert.match(
      await box.exec("sallyport-agent", "audit", "verify", "--dir", "/var/lib/sallyport/audit"),
      /ok|whole/i,
    );
  });

  test("SIGHUP has nginx read what is not generated, and so has the command of nginx-proxy's companions", async () => {
    const workers = async (): Promise<string> =>
      await box.exec("sh", "-c", "grep -l 'nginx: worker' /proc/[0-9]*/cmdline | sort | tr '\\n' ' '");
    const theirs = "/app/docker-entrypoint.sh /usr/local/bin/docker-gen /app/nginx.tmpl; /usr/sbin/nginx -s reload";
    const ways = [
      async () => await docker("kill", "-s", "HUP", box.name),
      async () => await box.exec("sh", "-c", theirs),
    ];
    for (const way of ways) {
      const before = await workers();
      await way();
      await eventually("there are new workers", async () => {
        const now = await workers();
        return now !== "" && now !== before;
      });
    }
    await box.answers("steady.example", "steady");
  });

  test("`docker stop` lets requests finish and ends with 0; started again it goes on", async () => {
    const slow = box.get("steady.example", "/?ms=2000");
    await eventually("it is under way", async () =>
      (await box.exec("sh", "-c", "cat /proc/net/tcp")).includes(":1388 01"),
    );
    await docker("stop", box.name);
    assert.equal((await slow).status, 200);
    assert.equal(await box.ended(), 0);
    await docker("start", box.name);
    await box.saysReady(2);
    await box.answers("steady.example", "steady");
    assert.doesNotMatch(await box.logs(), /default\.conf was rejected/, "it goes on with what it had");
  });

  test("what the renderer's user and nginx's can write is no way to what is root's", async () => {
    const state = "cd /opt/sallyport && sha256sum *.sh as-nginx nginx && stat -c '%U %n' . * && ls -A";
    const before = await box.exec("sh", "-c", state);
    // As if the renderer were an attacker's: root reads and copies in this directory at the next start.
    const links = `cd /etc/nginx/conf.d && rm -rf .sallyport && mkdir -p .sallyport/last-good &&
      echo '#!/bin/sh' >.sallyport/last-good/default.conf && ln -sf /opt/sallyport/certificates.sh default.conf`;
    await docker("exec", "-u", "65533:65533", box.name, "sh", "-c", links);
    await docker("restart", box.name);
    await box.answers("steady.example", "steady");
    assert.equal(await box.exec("sh", "-c", state), before);
    // Root of the other side asks nginx whether all is well.
    const trap =
      "server { listen 127.0.0.1:9; client_body_temp_path /opt/sallyport; error_log /opt/sallyport/trap warn; }";
    const lay = `echo '${trap}' >/etc/nginx/conf.d/trap.conf`;
    await docker("exec", "-u", "65533:65533", box.name, "sh", "-c", lay);
    await assert.rejects(box.exec("nginx", "-t"), /Permission denied/);
    await box.exec("rm", "/etc/nginx/conf.d/trap.conf");
    await box.exec("nginx", "-t");
    assert.equal(await box.exec("sh", "-c", state), before);
  });

  test("nginx may write to the container's log, and not take from it what others say", async () => {
    const streams = await box.exec("stat", "-L", "-c", "%u:%g %a", "/proc/1/fd/1", "/proc/1/fd/2");
    assert.equal(streams, "0:101 620\n0:101 620");
  });

  test("a file that nginx refuses is no obstacle for the next start", async () => {
    await box.exec("sh", "-c", "printf 'broken' >/etc/nginx/conf.d/default.conf; rm -rf /etc/nginx/conf.d/.sallyport");
    await docker("restart", box.name);
    await box.answers("steady.example", "steady");
    assert.match(await box.logs(), /default\.conf was rejected and removed: .*unexpected end of file/);
  });

  test("a file of the operator's that nginx refuses costs nothing of what was live", async () => {
    const live = await box.exec("sha256sum", "/etc/nginx/conf.d/default.conf");
    await box.exec("sh", "-c", "echo 'nonsense;' >/etc/nginx/conf.d/own.conf");
    await docker("restart", box.name);
    assert.equal(await box.ended(), 1);
    assert.match(await box.logs(), /unknown directive "nonsense" in .*own\.conf/);
    const mended = join(directory, "own.conf");
    writeFileSync(mended, "# mended\n");
    await docker("cp", mended, `${box.name}:/etc/nginx/conf.d/own.conf`);
    const before = (await box.logs()).length;
    await docker("start", box.name);
    await box.answers("steady.example", "steady");
    assert.equal(await box.exec("sha256sum", "/etc/nginx/conf.d/default.conf"), live);
    assert.doesNotMatch((await box.logs()).slice(before), /default\.conf was rejected/);
  });

  test("when nginx dies the container ends, so that Docker's restart policy counts", async () => {
    await box.exec("sh", "-c", "kill -9 $(cat /run/nginx.pid)");
    assert.notEqual(await box.ended(), 0);
  });
});

describe("the self-contained image, told by its environment", { skip: requires("docker") }, () => {
  let box: SelfContained;
  before(async () => {
    await SelfContained.build();
    box = await SelfContained.make("spe2e-selfenv");
    await box.app("web", "-e", "VIRTUAL_HOST=web.example");
  });
  after(async () => await box.remove());

  const mistakes: readonly [what: string, options: string[], message: RegExp][] = [
    ["a wrong value", ["-e", "HTTPS_METHOD=maybe"], /HTTPS_METHOD: "maybe" is not one of redirect, noredirect/],
    [
      "a Docker endpoint that is no socket",
      ["-e", "DOCKER_HOST=tcp://10.0.0.1:2375"],
      /only unix:\/\/\/PATH is supported/,
    ],
    [
      "a socket that is not there",
      ["-e", "DOCKER_HOST=unix:///tmp/other.sock"],
      /\/tmp\/other\.sock is not a socket; mount/,
    ],
    ["another user", ["--user", "101"], /must be started as root/],
  ];
  for (const [what, options, message] of mistakes) {
    test(`${what} ends it with 78 and a sentence`, async () => {
      await box.create(...options);
      assert.equal(await box.ended(), 78);
      assert.match(await box.logs(), message);
    });
  }

  test("ports, logs, proxy.conf and the least capabilities are as they are told", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-selfenv-"));
    try {
      chmodSync(directory, 0o755);
      writeFileSync(
        join(directory, "proxy.conf"),
        "proxy_set_header Host $host$host_port;\nproxy_set_header X-Own yes;\n",
      );
      writeFileSync(join(directory, "network_internal.conf"), "allow 127.0.0.1;\ndeny all;\n");
      await box.app("inner", "-e", "VIRTUAL_HOST=inner.example", "-e", "NETWORK_ACCESS=internal");
      const least = ["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID", "NET_BIND_SERVICE"];
      const capabilities = ["--cap-drop", "ALL", ...least.flatMap((name) => ["--cap-add", name])];
      mkdirSync(join(directory, "certs"));
      makeCertificate(join(directory, "certs"), "web.example", ["web.example"], 30);
      chmodSync(join(directory, "certs", "web.example.key"), 0o600);
      // As nginx-proxy's image has it, where nginx is told twice not to go into the background.
      const main = readFileSync("renderer/self-contained/nginx.conf", "utf8");
      writeFileSync(join(directory, "nginx.conf"), `user nginx;\ndaemon off;\n${main}`);
      mkdirSync(join(directory, "conf.d"));
      writeFileSync(join(directory, "conf.d", "own.conf"), "client_max_body_size 9m;\ngrpc_connect_timeout 600s;\n");
      const files = ["proxy.conf", "network_internal.conf", "nginx.conf", "certs", "conf.d/own.conf"];
      const mounts = files.flatMap((file) => ["-v", `${directory}/${file}:/etc/nginx/${file}:ro`]);
      const settings = ["HTTP_PORT=81", "HTTPS_METHOD=noredirect", "LOG_FORMAT=$host said $status"].flatMap((one) => [
        "-e",
        one,
      ]);
      await box.start(...settings, ...capabilities, ...mounts);
      const headers = await box.answers("web.example", "web", "/", 81);
      assert.equal(headers["x-own"], "yes");
      assert.equal(headers["x-forwarded-for"], undefined);
      await box.answered("inner.example", 403, "/", 81);
      await eventually("the request is logged", async () => (await box.logs()).includes("web.example said 200"));
      assert.doesNotMatch(await box.logs(), /not permitted/);
      const modes = ["certificates/web.example.key", "certificates/web.example.crt", "agent", "renderer", "reload"];
      const paths = [...modes.map((name) => `/run/sallyport/${name}`), "/var/lib/sallyport/audit"];
      assert.deepEqual((await box.exec("stat", "-c", "%u:%g %a", ...paths)).split("\n"), [
        "0:101 440",
        "0:0 444",
        "65532:65532 2710",
        "65533:65533 750",
        "101:65533 750",
        "65532:65532 700",
      ]);
    } finally {
      await removeDirectory(directory);
    }
  });

  test("a configuration that is mounted is used as it stands, also one that was printed here, and a mistake in it ends it", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-selfenv-"));
    const file = join(directory, "renderer.yml");
    try {
      const printed = await docker("run", "--rm", IMAGE, "sallyport-renderer", "import", "nginx-proxy").catch(
        (error: { stdout: string }) => error.stdout,
      );
      const edited = printed.replace("listen: 80\n", "listen: 82\n");
      writeFileSync(file, edited);
      const mount = ["-v", `${file}:/etc/sallyport/renderer.yml`];
      // Logs as nginx-proxy leaves them: of root.
      mkdirSync(join(directory, "logs"));
      writeFileSync(join(directory, "logs", "access.log"), "before\n");
      await box.start(...mount, "-v", `${directory}/logs:/var/log/nginx`);
      await box.answers("web.example", "web", "/", 82);
      const log = () => readFileSync(join(directory, "logs", "access.log"), "utf8");
      await eventually("it is logged where logs were", () => Promise.resolve(log().startsWith("before\nweb.example ")));
      assert.equal(readFileSync(file, "utf8"), edited);
      writeFileSync(file, "targets: 7\n");
      const began = Date.now();
      await box.create(...mount);
      assert.equal(await box.ended(), 78);
      assert.ok(Date.now() - began < 8_000, "at once");
      assert.match(await box.logs(), /renderer\.yml:1:10: targets: must be a list, not 7/);
    } finally {
      await removeDirectory(directory);
    }
  });

  test("nginx may be another container, known by its label and told through the channel", async () => {
    const [conf, reload] = [`${box.name}-conf`, `${box.name}-reload`];
    for (const [volume, owner] of [
      [conf, "uid=65533,gid=65533"],
      [reload, "uid=101,gid=65533"],
    ] as const) {
      // Podman would give it to whoever mounts it next, as long as it is empty.
      const options = isPodman() ? ["--opt", `o=${owner}`] : [];
      await docker("volume", "create", "--label", `sallyport.test=${box.name}`, ...options, volume);
    }
    const script = join(process.cwd(), "renderer/nginx/90-sallyport-reload.sh");
    try {
      const settings = ["SALLYPORT_NGINX=separate", "HTTP_PORT=8080", "HTTPS_PORT=8443"];
      const volumes = ["-v", `${conf}:/etc/nginx/conf.d`, "-v", `${reload}:/run/sallyport/reload`];
      await box.create(...settings.flatMap((one) => ["-e", one]), ...volumes);
      const labels = [`sallyport.test=${box.name}`, "com.github.nginx-proxy.nginx-proxy.nginx"];
      const mounts = [
        `${conf}:/etc/nginx/conf.d:ro,nocopy`,
        `${reload}:/run/sallyport/reload`,
        `${script}:/docker-entrypoint.d/90-sallyport-reload.sh:ro`,
      ];
      const options = [...labels.flatMap((label) => ["--label", label]), ...mounts.flatMap((mount) => ["-v", mount])];
      const fixed = ["run", "-d", "--name", `${box.name}-nginx`, "--network", box.name];
      await docker(...fixed, ...options, "nginxinc/nginx-unprivileged:stable");
      await box.saysReady(1);
      const format = `{{(index .NetworkSettings.Networks "${box.name}").IPAddress}}`;
      const host = await docker("inspect", "-f", format, `${box.name}-nginx`);
      await eventually("the other nginx routes", async () =>
        (await request({ host, port: 8080 }, "web.example", "/")).body.includes('"app":"web"'),
      );
    } finally {
      await docker("rm", "-f", `${box.name}-nginx`, box.name);
      await docker("volume", "rm", conf, reload);
    }
  });
});
