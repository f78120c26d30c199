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
import { currentNginx } from "./current-nginx.ts";
import { IMAGE, SelfContained } from "./self-contained-box.ts";
import { request } from "./stack.ts";
import { Traffic } from "./traffic.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

/** Prints the processes of the container: user, effective capabilities in hexadecimal, groups, command. */
const PROCESSES = String.raw`for p in /proc/[0-9]*; do
  [ -r $p/cmdline ] || continue
  u=$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' $p/status); c=$(sed -n 's/^CapEff:\t//p' $p/status)
  g=$(sed -n "s/^Groups:\t//p" $p/status); echo "$u|$c|$g|$(tr '\0' ' ' <$p/cmdline)"
done`;

/** Levels of the programs' log lines, of nginx's, and the messages of the start script. */
const ABOVE_INFO = /"level":"(?!info")|\[(?:notice|warn|error|crit|alert|emerg)\]|^sallyport: .*$/m;

interface Running {
  readonly user: number;
  readonly capabilities: bigint;
  readonly groups: readonly string[];
  readonly command: string;
}

describe("the self-contained image as a replacement for nginx-proxy", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-self-"));
  const certificates = join(directory, "certs");
  const vhosts = join(directory, "vhost.d");
  const passwords = join(directory, "htpasswd");
  let box: SelfContained;
  before(async () => {
    await SelfContained.build();
    box = await SelfContained.create("spe2e-self");
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
    // Processes that end at this moment have incomplete lines.
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

  /** Waits for a process whose command line contains the text. Reloads replace workers. */
  async function find(text: string): Promise<Running> {
    return await eventually(text, async () => (await running()).find(({ command }) => command.includes(text)));
  }

  async function killPart(text: string): Promise<void> {
    const script = `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q '^[^ ]*ld-linux.*${text}' && kill -9 "\${p#/proc/}"; done; true`;
    await box.exec("sh", "-c", script);
  }

  test("routes from the path of nginx-proxy's generated file and serves unknown hosts by DEFAULT_HOST", async () => {
    const headers = await box.answers("steady.example", "steady");
    assert.equal(headers["x-forwarded-port"], "80");
    await box.answers("unknown.example", "steady");
    assert.match(await box.exec("cat", "/etc/nginx/conf.d/default.conf"), /server_name steady\.example;/);
  });

  test("runs agent, renderer and nginx as three users, of which only the agent can use the Docker socket", async () => {
    const socketGroup = await box.exec("stat", "-c", "%g", "/tmp/docker.sock");
    const [agent, renderer] = [await find("agent.cjs serve"), await find("renderer.cjs run")];
    assert.deepEqual([agent.user, agent.capabilities, agent.groups], [65_532, 0n, [socketGroup]]);
    assert.deepEqual([renderer.user, renderer.capabilities, renderer.groups], [65_533, 0n, ["65532"]]);
    // CAP_NET_BIND_SERVICE only.
    for (const command of ["nginx: master", "nginx: worker"]) {
      const found = await find(command);
      assert.deepEqual([found.user, found.capabilities, found.groups], [101, 1n << 10n, []]);
    }
    // Without SALLYPORT_ACME there is no ACME client.
    assert.deepEqual(
      [...new Set((await running()).map(({ user }) => user))].toSorted((a, b) => a - b),
      [0, 101, 65_532, 65_533],
    );
    const rootProcesses = (await running()).filter(({ user }) => user === 0).map(({ command }) => command);
    // The supervisor, processes that start or end, Docker's health check, and the commands of this test.
    const expected =
      /start\.sh|certificates\.sh|^$|^\/bin\/sh \/usr\/local\/bin\/sallyport-|^(sh -c|cat|sed|tr|sleep|stat|setpriv|id) /;
    assert.deepEqual(
      rootProcesses.filter((command) => !expected.test(command)),
      [],
    );
    for (const ids of ["--reuid 65533 --regid 65533 --groups 65532", "--reuid 101 --regid 101 --clear-groups"]) {
      const can = await box.exec("sh", "-c", `setpriv ${ids} test -w /tmp/docker.sock && echo yes || echo no`);
      assert.equal(can, "no", ids);
    }
  });

  test("reloads nginx on SIGHUP and by the reload command of nginx-proxy's companions", async () => {
    const workers = async (): Promise<string> =>
      await box.exec("sh", "-c", "grep -l 'nginx: worker' /proc/[0-9]*/cmdline | sort | tr '\\n' ' '");
    const companion = "/app/docker-entrypoint.sh /usr/local/bin/docker-gen /app/nginx.tmpl; /usr/sbin/nginx -s reload";
    const ways = [
      async () => await docker("kill", "-s", "HUP", box.name),
      async () => await box.exec("sh", "-c", companion),
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

  test("completes requests on `docker stop`, exits with 0, and continues after `docker start`", async () => {
    const slow = box.get("steady.example", "/?ms=2000");
    await eventually("the request is in flight", async () =>
      (await box.exec("sh", "-c", "cat /proc/net/tcp")).includes(":1388 01"),
    );
    await docker("stop", box.name);
    assert.equal((await slow).status, 200);
    assert.equal(await box.exitCode(), 0);
    await docker("start", box.name);
    await box.logsReady(2);
    await box.answers("steady.example", "steady");
    assert.doesNotMatch(await box.logs(), /default\.conf was rejected/, "the last configuration was kept");
  });

  test("logs nothing above info when it starts, reloads, stops and starts again", async () => {
    assert.doesNotMatch(await box.logs(), ABOVE_INFO);
    assert.match(await box.exec("readlink", "-f", "/run/nginx.pid"), /^\/run\/nginx\/nginx\.pid$/);
  });

  test("follows changes after agent and renderer were killed, without a failed request", async () => {
    const traffic = new Traffic({ host: await box.address(), port: 80 }, ["steady.example"]);
    for (const part of ["agent.cjs serve", "renderer.cjs run"]) {
      await killPart(part);
      const name = part.slice(0, 5);
      await box.app(name, "-e", `VIRTUAL_HOST=${name}.example`);
      await box.answers(`${name}.example`, name);
      await docker("rm", "-f", `${box.name}-${name}`);
      await eventually(
        `the route of ${name} is gone`,
        async () => !(await box.get(`${name}.example`)).body.includes(`"${name}"`),
      );
    }
    assert.deepEqual(await traffic.end(), []);
    assert.ok(traffic.requests > 0);
  });

  test("uses keys that only root can read and serves a renewed certificate without a change of containers", async () => {
    const host = "steady.example";
    for (const round of [1, 2]) {
      const authority = makeCertificate(certificates, host, [host], 30 + round);
      chmodSync(join(certificates, `${host}.key`), 0o600);
      // Users may store both in one file, and links may lead to files that are not certificates.
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
    // A renderer that runs keeps the certificate for a minute.
    await docker("restart", box.name);
    await box.answers(host, "steady");
  });

  /** The protocol that ALPN selects. */
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

  test("uses the files of nginx-proxy users in vhost.d and htpasswd, with its variables", async () => {
    writeFileSync(join(vhosts, "steady.example_location"), "proxy_set_header X-Custom $proxy_x_forwarded_proto;\n");
    // A proxy_set_header in a location replaces all inherited ones.
    await eventually(
      "the file is used",
      async () => (await box.answers("steady.example", "steady"))["x-custom"] === "http",
    );
    rmSync(join(vhosts, "steady.example_location"));
    writeFileSync(join(passwords, "steady.example"), "user:{PLAIN}secret\n");
    await box.answered("steady.example", 401);
    rmSync(join(passwords, "steady.example"));
    await box.answered("steady.example", 503);
    writeFileSync(join(passwords, "steady.example_removed"), "");
    await box.answers("steady.example", "steady");
  });

  test("quarantines a container with a hostile value and explains it on the command line", async () => {
    await box.app("hostile", "-e", "VIRTUAL_HOST=hostile.example", "-e", "VIRTUAL_PORT=80;}");
    await eventually("explain has the reason", async () =>
      (
        await box
          .exec("sallyport-renderer", "explain", `${box.name}-hostile`)
          .catch((error: { stdout: string }) => error.stdout)
      ).includes("not a port number"),
    );
    await box.answers("steady.example", "steady");
    await docker("rm", "-f", `${box.name}-hostile`);
  });

  test("explains what the policy discloses of a container", async () => {
    const text = await box.exec("sallyport-agent", "policy", "explain", `${box.name}-steady`);
    assert.match(text, /"VIRTUAL_HOST": "steady\.example"[^]*withheld: \d+ environment variables/);
  });

  test("verifies the agent's audit trail in the container, also after the agent was killed", async () => {
    const verify = box.exec("sallyport-audit", "verify", "--audit-dir", "/var/lib/sallyport/audit");
    assert.match(
      await verify.catch((error: { stdout: string }) => error.stdout),
      / are intact, signed by sallyport\/agent\/local|^restarts that moved unsigned bytes to "damaged-…" files/,
    );
  });

  test("the users of renderer and nginx cannot change files of root", async () => {
    const state = "cd /opt/sallyport && sha256sum *.sh as-nginx nginx && stat -c '%U %n' . * && ls -A";
    const before = await box.exec("sh", "-c", state);
    // A compromised renderer: at the next start root reads and copies files in this directory.
    const links = `cd /etc/nginx/conf.d && rm -rf .sallyport && mkdir -p .sallyport/last-good &&
      echo '#!/bin/sh' >.sallyport/last-good/default.conf && ln -sf /opt/sallyport/certificates.sh default.conf`;
    await docker("exec", "-u", "65533:65533", box.name, "sh", "-c", links);
    await docker("restart", box.name);
    await box.answers("steady.example", "steady");
    assert.equal(await box.exec("sh", "-c", state), before);
    // A configuration that would write as root when root runs `nginx -t`.
    const trap =
      "server { listen 127.0.0.1:9; client_body_temp_path /opt/sallyport; error_log /opt/sallyport/trap warn; }";
    const write = `echo '${trap}' >/etc/nginx/conf.d/trap.conf`;
    await docker("exec", "-u", "65533:65533", box.name, "sh", "-c", write);
    await assert.rejects(box.exec("nginx", "-t"), /Permission denied/);
    await box.exec("rm", "/etc/nginx/conf.d/trap.conf");
    await box.exec("nginx", "-t");
    assert.equal(await box.exec("sh", "-c", state), before);
  });

  test("nginx never serves a file of the renderer's user that Sallyport does not generate", async () => {
    const write = "cd /etc/nginx/conf.d && echo 'server { listen 79; root /etc; }' >extra.conf";
    await docker("exec", "-u", "65533:65533", box.name, "sh", "-c", write);
    const refused = /extra\.conf:1: this directory may not be served/;
    await assert.rejects(box.exec("nginx", "-s", "reload"), refused);
    await docker("kill", "-s", "HUP", box.name);
    await eventually("the reload is refused", async () =>
      /nginx is not reloaded: .*extra\.conf:1/.test(await box.logs()),
    );
    await docker("restart", box.name);
    await box.answers("steady.example", "steady");
    await assert.rejects(box.get("steady.example", "/passwd", 79), /ECONNREFUSED/);
    assert.match(await box.logs(), /extra\.conf:1: .*; the file is renamed to extra\.conf\.refused/);
  });

  test("nginx can write to the container's log but not read it", async () => {
    const streams = await box.exec("stat", "-L", "-c", "%u:%g %a", "/proc/1/fd/1", "/proc/1/fd/2");
    assert.equal(streams, "0:101 620\n0:101 620");
  });

  test("starts with a generated file that nginx rejects", async () => {
    await box.exec("sh", "-c", "printf 'broken' >/etc/nginx/conf.d/default.conf; rm -rf /etc/nginx/conf.d/.sallyport");
    await docker("restart", box.name);
    await box.answers("steady.example", "steady");
    assert.match(await box.logs(), /default\.conf was rejected and removed: .*default\.conf:\d+: ends in a block/);
  });

  test("keeps the live configuration when nginx rejects a file of the operator", async () => {
    const live = await box.exec("sha256sum", "/etc/nginx/conf.d/default.conf");
    await box.exec("sh", "-c", "echo 'nonsense;' >/etc/nginx/conf.d/own.conf");
    await docker("restart", box.name);
    assert.equal(await box.exitCode(), 1);
    assert.match(await box.logs(), /unknown directive "nonsense" in .*own\.conf/);
    const fixed = join(directory, "own.conf");
    writeFileSync(fixed, "# fixed\n");
    await docker("cp", fixed, `${box.name}:/etc/nginx/conf.d/own.conf`);
    const before = (await box.logs()).length;
    await docker("start", box.name);
    await box.answers("steady.example", "steady");
    assert.equal(await box.exec("sha256sum", "/etc/nginx/conf.d/default.conf"), live);
    assert.doesNotMatch((await box.logs()).slice(before), /default\.conf was rejected/);
  });

  test("exits when nginx is killed, so that Docker's restart policy applies", async () => {
    await box.exec("sh", "-c", "kill -9 $(cat /run/nginx.pid)");
    assert.notEqual(await box.exitCode(), 0);
  });
});

describe("the settings of the self-contained image", { skip: requires("docker") }, () => {
  let box: SelfContained;
  before(async () => {
    await SelfContained.build();
    box = await SelfContained.create("spe2e-selfenv");
    await box.app("web", "-e", "VIRTUAL_HOST=web.example", "--label", "sallyport.tcp=5432:5000");
  });
  after(async () => await box.remove());

  const mistakes: readonly [what: string, options: string[], message: RegExp][] = [
    [
      "an invalid value",
      ["-e", "HTTPS_METHOD=maybe"],
      /HTTPS_METHOD: invalid value "maybe": not one of redirect, noredirect/,
    ],
    [
      "a Docker endpoint that is not a socket",
      ["-e", "DOCKER_HOST=tcp://10.0.0.1:2375"],
      /only unix:\/\/\/PATH is supported/,
    ],
    [
      "an invalid setting of the ACME client, and warns that its certificates are in no volume",
      ["-e", "SALLYPORT_ACME=on", "-e", "ACME_CA_URI=http://ca.example"],
      /acme is not a volume[^]*ACME_CA_URI: .*http:\/\/ca\.example.* is not an https URL/,
    ],
    ["a missing socket", ["-e", "DOCKER_HOST=unix:///tmp/other.sock"], /\/tmp\/other\.sock does not exist; mount/],
    ["another user", ["--user", "101"], /must be started as root/],
  ];
  for (const [what, options, message] of mistakes) {
    test(`exits with 78 and a message for ${what}`, async () => {
      await box.run(...options);
      assert.equal(await box.exitCode(), 78);
      assert.match(await box.logs(), message);
    });
  }

  test("serves the last configuration until the Docker socket can be used, and names the reason", async () => {
    const conf = `${box.name}-last`;
    await docker("volume", "create", "--label", `spe2e=${box.name}`, conf);
    try {
      const volume = ["-v", `${conf}:/etc/nginx/conf.d`];
      await box.start(...volume);
      await box.answers("web.example", "web");
      await box.run(...volume, "-e", "DOCKER_HOST=unix:///srv/docker.sock");
      await box.answers("web.example", "web");
      const steps: readonly [script: string, message: RegExp][] = [
        ["true", /^sallyport: \/srv\/docker\.sock does not exist; mount/m],
        ["mkdir /srv/docker.sock", /^sallyport: \/srv\/docker\.sock is a directory, not a socket: Docker creates one/m],
        ["rmdir /srv/docker.sock; touch /srv/docker.sock", /is not a socket but a regular empty file; mount/],
        ["rm /srv/docker.sock; ln -s /tmp/docker.sock /srv/docker.sock", /^Watching docker events$/m],
      ];
      for (const [script, message] of steps) {
        await box.exec("sh", "-c", script);
        await eventually(String(message), async () => message.test(await box.logs()));
        await box.answers("web.example", "web");
      }
      assert.doesNotMatch(await box.logs(), /audit\.forked/, "a new container has a new trail");
    } finally {
      await docker("rm", "-f", box.name);
      await docker("volume", "rm", conf);
    }
  });

  test("uses the given ports, log format, proxy.conf and the minimum of capabilities", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-selfenv-"));
    try {
      chmodSync(directory, 0o755);
      writeFileSync(
        join(directory, "proxy.conf"),
        "proxy_set_header Host $host$host_port;\nproxy_set_header X-Own yes;\n",
      );
      writeFileSync(join(directory, "network_internal.conf"), "allow 127.0.0.1;\ndeny all;\n");
      await box.app("inner", "-e", "VIRTUAL_HOST=inner.example", "-e", "NETWORK_ACCESS=internal");
      const minimum = ["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID", "NET_BIND_SERVICE"];
      const capabilities = ["--cap-drop", "ALL", ...minimum.flatMap((name) => ["--cap-add", name])];
      mkdirSync(join(directory, "certs"));
      makeCertificate(join(directory, "certs"), "web.example", ["web.example"], 30);
      chmodSync(join(directory, "certs", "web.example.key"), 0o600);
      // As in nginx-proxy's image: `daemon off` in the file and on the command line.
      const main = readFileSync("renderer/self-contained/nginx.conf", "utf8");
      writeFileSync(join(directory, "nginx.conf"), `user nginx;\ndaemon off;\n${main}`);
      mkdirSync(join(directory, "conf.d"));
      writeFileSync(join(directory, "conf.d", "own.conf"), "client_max_body_size 9m;\ngrpc_connect_timeout 600s;\n");
      const files = ["proxy.conf", "network_internal.conf", "nginx.conf", "certs", "conf.d/own.conf"];
      const mounts = files.flatMap((file) => ["-v", `${directory}/${file}:/etc/nginx/${file}:ro`]);
      const variables = [
        "HTTP_PORT=81",
        "HTTPS_METHOD=noredirect",
        "LOG_FORMAT=$host status $status",
        "ENABLE_IPV6=true",
      ];
      const settings = variables.flatMap((one) => ["-e", one]);
      // A kernel without IPv6.
      const ipv6 = { index: 0, value: 10, op: "SCMP_CMP_EQ" };
      const syscalls = [{ names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: 97, args: [ipv6] }];
      const kernel = join(directory, "seccomp.json");
      writeFileSync(kernel, JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls }));
      // nginx-proxy's directories of temporary files may belong to root.
      mkdirSync(join(directory, "cache", "client_temp"), { recursive: true, mode: 0o700 });
      const cache = ["-v", `${join(directory, "cache")}:/var/cache/nginx`, "--security-opt", `seccomp=${kernel}`];
      await box.start(...settings, ...cache, ...capabilities, ...mounts);
      const headers = await box.answers("web.example", "web", "/", 81);
      assert.equal(headers["x-own"], "yes");
      assert.equal(headers["x-forwarded-for"], undefined);
      await box.answered("inner.example", 403, "/", 81);
      await eventually("the request is logged", async () => (await box.logs()).includes("web.example status 200"));
      assert.doesNotMatch(await box.logs(), /not permitted/);
      assert.match(await box.logs(), /^SKIPPED: ENABLE_IPV6: this kernel has no IPv6, so nginx listens on IPv4 only/m);
      assert.equal(await box.exec("stat", "-c", "%u", "/var/cache/nginx/client_temp"), "101");
      const modes = ["certificates/web.example.key", "certificates/web.example.crt", "agent", "renderer", "reload"];
      const paths = [...modes.map((name) => `/run/sallyport/${name}`), "/var/lib/sallyport/audit"];
      assert.deepEqual((await box.exec("stat", "-c", "%u:%g %a", ...paths)).split("\n"), [
        "0:101 440",
        "0:0 444",
        "65532:65532 2710",
        "65533:65533 750",
        "101:65533 750",
        "65532:65532 750",
      ]);
    } finally {
      await removeDirectory(directory);
    }
  });

  test("uses a mounted configuration, such as a printed one with streams, and exits with 78 when it is invalid", async () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-selfenv-"));
    const file = join(directory, "renderer.yml");
    try {
      const printed = await docker("run", "--rm", IMAGE, "sallyport-renderer", "import", "nginx-proxy").catch(
        (error: { stdout: string }) => error.stdout,
      );
      const edited = printed.replace("listen: 80\n", "listen: 82\n    streams: { ports: [5432] }\n");
      writeFileSync(file, edited);
      const mount = ["-v", `${file}:/etc/sallyport/renderer.yml`];
      // nginx-proxy's log files belong to root.
      mkdirSync(join(directory, "logs"));
      writeFileSync(join(directory, "logs", "access.log"), "before\n");
      const streaming = currentNginx("/opt/sallyport/nginx").flatMap((one) => ["-v", one]);
      await box.start(...mount, ...streaming, "-v", `${directory}/logs:/var/log/nginx`);
      await box.answers("web.example", "web", "/", 82);
      await box.answers("any.example", "web", "/by-tcp", 5432);
      assert.match(await box.logs(), /"info","event":"file\.unwatched","path":"\/etc\/sallyport\/renderer\.yml"/);
      const log = () => readFileSync(join(directory, "logs", "access.log"), "utf8");
      await eventually("the request is appended to the log file", () =>
        Promise.resolve(log().startsWith("before\nweb.example ")),
      );
      assert.equal(readFileSync(file, "utf8"), edited);
      writeFileSync(file, "targets: 7\n");
      await box.run(...mount);
      assert.equal(await box.exitCode(), 78);
      assert.match(await box.logs(), /renderer\.yml:1:10: targets: must be a list, not 7/);
    } finally {
      await removeDirectory(directory);
    }
  });

  test("reloads nginx in another container, found by its label, through the reload channel", async () => {
    const [conf, reload] = [`${box.name}-conf`, `${box.name}-reload`];
    for (const [volume, owner] of [
      [conf, "uid=65533,gid=65533"],
      [reload, "uid=101,gid=65533"],
    ] as const) {
      // Podman changes the owner of an empty volume at the next mount.
      const options = isPodman() ? ["--opt", `o=${owner}`] : [];
      await docker("volume", "create", "--label", `spe2e=${box.name}`, ...options, volume);
    }
    const script = join(process.cwd(), "renderer/nginx/90-sallyport-reload.sh");
    try {
      const settings = ["SALLYPORT_NGINX=separate", "HTTP_PORT=8080", "HTTPS_PORT=8443"];
      const volumes = ["-v", `${conf}:/etc/nginx/conf.d`, "-v", `${reload}:/run/sallyport/reload`];
      await box.run(...settings.flatMap((one) => ["-e", one]), ...volumes);
      const labels = [`spe2e=${box.name}`, "com.github.nginx-proxy.nginx-proxy.nginx"];
      const mounts = [
        `${conf}:/etc/nginx/conf.d:ro,nocopy`,
        `${reload}:/run/sallyport/reload`,
        `${script}:/docker-entrypoint.d/90-sallyport-reload.sh:ro`,
      ];
      const options = [...labels.flatMap((label) => ["--label", label]), ...mounts.flatMap((mount) => ["-v", mount])];
      const fixed = ["run", "-d", "--name", `${box.name}-nginx`, "--network", box.name];
      await docker(...fixed, ...options, "nginxinc/nginx-unprivileged:stable");
      await box.logsReady(1);
      const format = `{{(index .NetworkSettings.Networks "${box.name}").IPAddress}}`;
      const host = await docker("inspect", "-f", format, `${box.name}-nginx`);
      await eventually("the other nginx has the route", async () =>
        (await request({ host, port: 8080 }, "web.example", "/")).body.includes('"app":"web"'),
      );
    } finally {
      await docker("rm", "-f", `${box.name}-nginx`, box.name);
      await docker("volume", "rm", conf, reload);
    }
  });
});
