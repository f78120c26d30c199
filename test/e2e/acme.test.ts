import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as dgram from "node:dgram";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as net from "node:net";
import * as tls from "node:tls";
import { after, before, describe, test } from "node:test";
import { BackgroundProcess } from "../demo/background-process.ts";
import { freePort } from "../demo/free-port.ts";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { removeDirectory } from "../remove-directory.ts";
import { AcmeAuthority } from "../renderer/nginx/acme-authority.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { requires } from "../requires.ts";
import { currentNginx } from "./current-nginx.ts";
import { overTls, type Seen } from "./over-tls.ts";
import { SelfContained } from "./self-contained-box.ts";
import { Stack } from "./stack.ts";

/** What the stack needs here: this machine's authority, and an nginx with streams. */
const OVERRIDE = (mounts: readonly string[], authority: AcmeAuthority): string =>
  JSON.stringify({
    services: {
      nginx: { volumes: mounts },
      acme: {
        cpus: 2,
        extra_hosts: ["pebble.test:host-gateway"],
        environment: { ACME_CA_URI: authority.urlForContainers, CA_BUNDLE: "/pebble.crt" },
        volumes: [`${authority.trusted}:/pebble.crt:ro`],
      },
    },
  });

/** Decides like Authelia: admits a session, and redirects all others to itself. */
const SIGN_ON = `require("http").createServer((q, r) => {
  const found = q.headers.cookie === "session=alice";
  const page = "https://auth.example.com/?rd=" + encodeURIComponent(q.headers["x-original-url"]);
  r.writeHead(found ? 200 : 401, found ? { "Remote-User": "alice" } : { Location: page }).end();
}).listen(5000)`;

/** Answers over TCP, over UDP, and over TLS with a certificate of its own. */
const DATABASE = `require("net").createServer((s) => s.end("by TCP")).listen(5432);
const u = require("dgram").createSocket("udp4");
u.on("message", (m, from) => u.send("by UDP: " + m, from.port, from.address)).bind(5353);
const [cert, key] = ["crt", "key"].map((ending) => require("fs").readFileSync("/certs/db.example.com." + ending));
require("tls").createServer({ cert, key }, (s) => s.end("by TLS")).listen(5433)`;

const programs = ["docker", "pebble", "pebble-challtestsrv", "prometheus"];
const EXAMPLES = ["compose.acme.yml", "compose.stream.yml", "compose.complete.yml"].map(
  (one) => `docs/examples/${one}`,
);

describe(
  "the complete example: HTTPS, single sign-on, limits, metrics and streams",
  { skip: requires(...programs) },
  () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-acme-"));
    const authority = new AcmeAuthority(join(directory, "pebble"));
    let stack: Stack;
    let nginx: string;
    let ca: string;
    let certificate: string;
    before(async () => {
      chmodSync(directory, 0o755);
      certificate = makeCertificate(directory, "db.example.com", ["db.example.com"]);
      chmodSync(join(directory, "db.example.com.key"), 0o644);
      // nginx has no address yet.
      await authority.start(8080, "192.0.2.1");
      ca = await authority.root();
      const override = join(directory, "override.json");
      writeFileSync(override, OVERRIDE(currentNginx(), authority));
      const ports = ["HTTPS", "TCP", "UDP", "SNI"].map(async (one) => [
        `SALLYPORT_${one}_PORT`,
        String(await freePort()),
      ]);
      const env = Object.fromEntries(await Promise.all(ports)) as Record<string, string>;
      stack = await Stack.up("spe2e-acme", { files: [...EXAMPLES, override], env, demo: false });
      nginx = (await stack.address()).host;
      await authority.resolveTo(nginx);
      const labels = (values: Record<string, string>): string[] =>
        Object.entries(values).flatMap(([name, value]) => ["--label", `${name}=${value}`]);
      const host = (name: string): string[] => ["--expose", "5000", "-e", `VIRTUAL_HOST=${name}.example.com`];
      const rate = { "sallyport.rate": "1/m", "sallyport.rate-burst": "4" };
      const streams = { "sallyport.tcp": "5432", "sallyport.udp": "5353", "sallyport.sni": "db.example.com:5433" };
      const run = async (name: string, options: readonly string[], script?: string): Promise<string> =>
        await stack.runApp(name, options, undefined, script === undefined ? [] : ["node", "-e", script]);
      await run("sso", [...host("auth"), ...labels({ "com.docker.compose.project": "sso" })], SIGN_ON);
      await run("wiki", [...host("wiki"), ...labels({ "sallyport.auth": "authelia", "sallyport.acme": "true" })]);
      await run("shop", [...host("shop"), "-e", "LETSENCRYPT_HOST=shop.example.com", ...labels(rate)]);
      await run("db", ["--expose", "5432", "-v", `${directory}:/certs:ro`, ...labels(streams)], DATABASE);
    });
    after(async () => {
      await stack.down();
      await authority.stop();
      await removeDirectory(directory);
    });

    const session = { cookie: "session=alice" };
    const ask = async (name: string, headers = {}): Promise<Seen | undefined> =>
      await overTls(nginx, `${name}.example.com`, ca, 8443, headers);
    const explain = async (name: string): Promise<string> =>
      await stack.compose("exec", "-T", "renderer", "/node", "/app/renderer.cjs", "explain", name);

    test("two apps get certificates and are redirected to HTTPS, and nginx and the renderer see only what they need", async () => {
      for (const name of ["wiki", "shop"]) {
        const seen = await eventually(`${name} is served over TLS`, async () => await ask(name, session), 90_000);
        assert.equal(seen.status, 200);
        assert.match(seen.body, new RegExp(`app: ${name}\n`));
        await stack.answered(`${name}.example.com`, 301);
      }
      assert.match(await explain("shop.example.com"), /ACME certificate shop\.example\.com: issued/);
      const listed = await docker(
        "exec",
        stack.container("nginx"),
        "ls",
        "-lL",
        "/etc/nginx/certs/shop.example.com.key",
      );
      assert.match(listed, /^-rw------- 1 (101|nginx) (101|nginx) /);
      assert.equal(await docker("exec", stack.container("nginx"), "nginx", "-t", "-q"), "");
      const inspected = JSON.parse(await docker("inspect", stack.container("acme"))) as {
        HostConfig: { ReadonlyRootfs: boolean; CapDrop: string[]; SecurityOpt: string[] };
        Mounts: { Destination: string; RW: boolean }[];
      }[];
      const [{ HostConfig, Mounts }] = inspected as [(typeof inspected)[0] & object];
      assert.ok(HostConfig.ReadonlyRootfs && HostConfig.SecurityOpt.includes("no-new-privileges:true"));
      assert.deepEqual(HostConfig.CapDrop, ["ALL"]);
      assert.deepEqual(Mounts.map(({ Destination, RW }) => `${Destination} ${RW}`).toSorted(), [
        "/etc/nginx/certs true",
        "/pebble.crt false",
        "/run/sallyport/acme false",
        "/usr/share/nginx/html true",
        "/var/lib/sallyport/acme true",
      ]);
    });

    test("one app is behind single sign-on, and the requests of a client to the other one are limited", async () => {
      assert.match((await ask("wiki", session))?.body ?? "", /^remote-user: alice$/im);
      const redirected = await ask("wiki", { "remote-user": "root" });
      assert.equal(redirected?.status, 302);
      assert.equal(redirected.location, "https://auth.example.com/?rd=https%3A%2F%2Fwiki.example.com%2F");
      assert.match(await explain("wiki.example.com"), /authentication: authelia at auth\.example\.com/);
      const statuses: (number | undefined)[] = [];
      for (let sent = 0; sent < 6; sent += 1) statuses.push((await ask("shop"))?.status);
      // The first test has sent one request or more.
      assert.deepEqual(statuses.slice(-2), [429, 429]);
      assert.equal((await ask("wiki", session))?.status, 200);
    });

    test("connections are passed on by TCP port, by UDP port, and by the server name of TLS", async () => {
      await eventually("TCP", async () => (await received(net.connect(5432, nginx))) === "by TCP");
      const byName = (servername: string): tls.TLSSocket =>
        tls.connect({ host: nginx, port: 9443, servername, ca: certificate });
      assert.equal(await received(byName("db.example.com")), "by TLS");
      assert.equal(await received(byName("other.example.com")), "");
      const socket = dgram.createSocket("udp4");
      const answer = await new Promise<string>((resolve, reject) => {
        socket.on("message", (message) => resolve(String(message))).on("error", reject);
        socket.send("hello", 5353, nginx);
      }).finally(() => socket.close());
      assert.equal(answer, "by UDP: hello");
      assert.match(await explain("5432"), /container spe2e-acme-db\n.*\n {2}TCP port 5432 of nginx/);
      assert.match(await explain("db.example.com"), /port 9443 of nginx for the server name db\.example\.com/);
    });

    test("Prometheus scrapes the hosts, streams and certificates, with the example's configuration and alerts", async () => {
      const port = await freePort();
      const format = `{{(index .NetworkSettings.Networks "${stack.project}_metrics").IPAddress}}`;
      const address = await docker("inspect", "-f", format, stack.container("nginx"));
      const example = readFileSync("docs/examples/prometheus.yml", "utf8");
      const config = join(directory, "prometheus.yml");
      writeFileSync(config, `global: { scrape_interval: 1s }\n${example.replace("nginx:8081", `${address}:8081`)}`);
      copyFileSync("docs/examples/prometheus-alerts.yml", join(directory, "prometheus-alerts.yml"));
      const prometheus = new BackgroundProcess("prometheus", "prometheus", [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, "prometheus")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]);
      try {
        for (const expression of [
          'sallyport_requested_certificates{state="issued"} == 2',
          'sallyport_certificate_expiry_timestamp_seconds{certificate="shop.example.com"} > time()',
          // Three hosts, and three streams.
          'sallyport_virtual_hosts{available="all"} == 6',
        ]) {
          await eventually(
            expression,
            async () => {
              const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
              const { data } = (await (await fetch(url)).json()) as { data: { result: unknown[] } };
              return data.result.length === 1;
            },
            60_000,
          );
        }
      } finally {
        await prometheus.stop();
      }
    });
  },
);

/** A process that an attacker controls tries to have nginx serve keys that only root and nginx may read. */
const ATTACK = `cd /var/lib/sallyport/acme/certificates
  ln -s /etc/nginx/certs/mine.example.key stolen.example.key && ln -s /etc/nginx/certs/mine.example.crt stolen.example.crt
  mkfifo late.example.crt && ln -s ../accounts mine.example.crt
  ln -s /run/sallyport/certificates/mine.example.key /run/sallyport/challenges/.well-known/acme-challenge/key`;

describe(
  "SALLYPORT_ACME in the self-contained image",
  { skip: requires("docker", "pebble", "pebble-challtestsrv") },
  () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-acme-"));
    const authority = new AcmeAuthority(join(directory, "pebble"));
    const certificates = join(directory, "certs");
    let box: SelfContained;
    let options: string[];
    let ca: string;
    const asUser = async (user: string, script: string): Promise<string> =>
      await docker("exec", "-u", user, box.name, "sh", "-c", script);
    const bodyOf = async (address: string, host: string): Promise<string | undefined> => {
      const seen = await overTls(address, host, ca, 443);
      return seen?.status === 200 ? seen.body : undefined;
    };
    const served = async (host: string): Promise<string> => {
      const address = await box.address();
      return await eventually(`${host} over TLS`, async () => await bodyOf(address, host), 90_000);
    };

    before(async () => {
      chmodSync(directory, 0o755);
      mkdirSync(certificates);
      makeCertificate(certificates, "mine.example", ["mine.example"]);
      chmodSync(join(certificates, "mine.example.key"), 0o600);
      await SelfContained.build();
      box = await SelfContained.create("spe2e-selfacme");
      await docker("volume", "create", "--label", `spe2e=${box.name}`, box.name);
      for (const name of ["web", "mine"]) {
        await box.app(name, "-e", `VIRTUAL_HOST=${name}.example`, "-e", `LETSENCRYPT_HOST=${name}.example`);
      }
      // nginx has no address yet.
      await authority.start(80, "192.0.2.1");
      ca = await authority.root();
      const variables = [
        "SALLYPORT_ACME=on",
        "DEFAULT_EMAIL=you@example.com",
        `ACME_CA_URI=${authority.urlForContainers}`,
        "CA_BUNDLE=/pebble.crt",
      ];
      options = [
        "--add-host=pebble.test:host-gateway",
        `--volume=${authority.trusted}:/pebble.crt:ro`,
        `--volume=${certificates}:/etc/nginx/certs:ro`,
        ...variables.flatMap((one) => ["-e", one]),
      ];
      await box.run(...options, "-v", `${box.name}:/var/lib/sallyport/acme`);
      await authority.resolveTo(await box.address());
      await box.logsReady(1);
    });
    after(async () => {
      await box.remove();
      await docker("volume", "rm", box.name);
      await authority.stop();
      await removeDirectory(directory);
    });

    test("gets a certificate by a process of its own user, without Docker and nginx's configuration", async () => {
      assert.match(await served("web.example"), /"app":"web"/);
      await box.answered("web.example", 301);
      const processes = await docker("top", box.name, "-eo", "user,pid,args");
      assert.match(processes, /^65530 .*acme\.cjs run$/m);
      const can = "for f in /tmp/docker.sock /run/sallyport/agent/rpc.sock; do [ ! -w $f ] || echo $f; done";
      const keys = "cat /etc/nginx/certs/*.key /run/sallyport/certificates/*.key 2>/dev/null";
      const conf = "touch /etc/nginx/conf.d/x /run/sallyport/acme/x 2>/dev/null && echo written";
      assert.equal(await asUser("65530:65530", `${can}; ${keys}; ${conf}; true`), "");
      for (const user of ["101:101", "65533:65533"]) {
        assert.equal(await asUser(user, "ls /var/lib/sallyport/acme 2>/dev/null; true"), "", user);
      }
      assert.match(await box.exec("sallyport-renderer", "explain", "mine.example"), /mine\.example: your own/);
    });

    test("never publishes what a compromised client points to, and renewals continue", async () => {
      await asUser("65530:65530", ATTACK);
      await box.app("next", "-e", "VIRTUAL_HOST=next.example", "-e", "LETSENCRYPT_HOST=next.example");
      assert.match(await served("next.example"), /"app":"next"/);
      assert.equal(
        await asUser("101:101", "cd /run/sallyport/certificates && ls | grep -E 'stolen.*key|late'; true"),
        "",
      );
      const own = createHash("sha256")
        .update(readFileSync(join(certificates, "mine.example.crt")))
        .digest("hex");
      assert.match(await box.exec("sha256sum", "/run/sallyport/certificates/mine.example.crt"), new RegExp(`^${own} `));
      assert.equal((await box.get("web.example", "/.well-known/acme-challenge/key")).status, 403);
    });

    test("keeps certificates and account in a volume", async () => {
      const state = "cd /var/lib/sallyport/acme && find accounts certificates/acme -type f | sort | xargs sha256sum";
      const before = await box.exec("sh", "-c", state);
      await box.start(...options, "-v", `${box.name}:/var/lib/sallyport/acme`);
      await served("web.example");
      assert.equal(await box.exec("sh", "-c", state), before);
      assert.doesNotMatch(await box.logs(), /is not a volume/);
    });
  },
);

/** Returns what a server sends until it closes the connection, or nothing if it closes it at once. */
async function received(socket: net.Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8").on("data", (part: string) => (text += part));
  return await new Promise((resolve) => {
    socket.on("error", () => undefined).on("close", () => resolve(text));
  });
}
