import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as https from "node:https";
import { after, before, describe, test } from "node:test";
import { BackgroundProcess } from "../demo/background-process.ts";
import { freePort } from "../demo/free-port.ts";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { removeDirectory } from "../remove-directory.ts";
import { AcmeAuthority } from "../renderer/nginx/acme-authority.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { requires } from "../requires.ts";
import { SelfContained } from "./self-contained-box.ts";
import { Stack } from "./stack.ts";

const OVERRIDE = `services:
  acme:
    extra_hosts: ["pebble.test:host-gateway"]
    environment: { ACME_CA_URI: "\${ACME_CA_URI}", CA_BUNDLE: /pebble.crt }
    volumes: ["\${PEBBLE_CERTIFICATE}:/pebble.crt:ro"]
`;

const programs = ["docker", "pebble", "pebble-challtestsrv", "prometheus"];

describe("the stack with automatic certificates", { skip: requires(...programs) }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-acme-"));
  const authority = new AcmeAuthority(join(directory, "pebble"));
  let stack: Stack;
  before(async () => {
    chmodSync(directory, 0o755);
    const override = join(directory, "override.yml");
    writeFileSync(override, OVERRIDE);
    // The client starts before there is an authority.
    const env = { ACME_CA_URI: "https://pebble.test:1/dir", SALLYPORT_HTTPS_PORT: String(await freePort()) };
    // Prometheus runs on this machine, which nginx sees as the gateway of its network.
    const shipped = readFileSync("docs/examples/renderer.acme.yml", "utf8");
    const allow = `allow: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]`;
    writeFileSync(join(directory, "renderer.yml"), shipped.replace("  listen: 8081\n", `  listen: 8081\n  ${allow}\n`));
    const volumes = [`${join(directory, "renderer.yml")}:/etc/sallyport/renderer.yml:ro`];
    const metrics = join(directory, "metrics.yml");
    writeFileSync(metrics, JSON.stringify({ services: { renderer: { volumes } } }));
    stack = await Stack.up("spe2e-acme", { files: ["docs/examples/compose.acme.yml", metrics], env, demo: false });
    const { host, port } = await stack.address();
    await authority.start(port, host);
    stack = stack.with(override, { ACME_CA_URI: authority.urlForContainers, PEBBLE_CERTIFICATE: authority.trusted });
    await stack.compose("up", "-d", "--no-build", "acme");
  });
  after(async () => {
    await stack.down();
    await authority.stop();
    await removeDirectory(directory);
  });

  test("two apps get certificates and are redirected to HTTPS, and nginx and the renderer see only what they need", async () => {
    const { host } = await stack.address();
    const ca = await authority.root();
    await stack.runApp("one", [
      "--expose",
      "5000",
      "-e",
      "VIRTUAL_HOST=one.example",
      "-e",
      "LETSENCRYPT_HOST=one.example",
    ]);
    await stack.runApp("two", ["--expose", "5000", "-e", "VIRTUAL_HOST=two.example", "--label", "sallyport.acme=true"]);
    for (const name of ["one", "two"]) {
      const body = await eventually(
        `${name} is served over TLS`,
        async () => await bodyOf(host, `${name}.example`, ca),
        90_000,
      );
      assert.match(body, new RegExp(`app: ${name}\n`));
      await stack.answered(`${name}.example`, 301);
    }
    const explanation = await stack.compose(
      "exec",
      "-T",
      "renderer",
      "/node",
      "/app/renderer.cjs",
      "explain",
      "one.example",
    );
    assert.match(explanation, /ACME certificate one\.example: issued/);
    const listed = await docker("exec", stack.container("nginx"), "ls", "-lL", "/etc/nginx/certs/one.example.key");
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

  test("Prometheus scrapes the states of the certificates and nginx's connections", async () => {
    const { host } = await stack.address();
    const port = await freePort();
    const scrapes = [{ job_name: "sallyport", static_configs: [{ targets: [`${host}:8081`] }] }];
    const config = join(directory, "prometheus.yml");
    writeFileSync(config, JSON.stringify({ global: { scrape_interval: "1s" }, scrape_configs: scrapes }));
    const prometheus = new BackgroundProcess("prometheus", "prometheus", [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, "prometheus")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    try {
      for (const expression of [
        'sallyport_requested_certificates{state="issued"} == 2',
        'sallyport_certificate_expiry_timestamp_seconds{certificate="one.example"} > time()',
        'sallyport_nginx_connections{state="active"} >= 1',
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
});

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
    const served = async (host: string): Promise<string> => {
      const address = await box.address();
      return await eventually(`${host} over TLS`, async () => await bodyOf(address, host, ca, 443), 90_000);
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

/** Returns the body of a response over verified TLS, or undefined without one. */
async function bodyOf(host: string, servername: string, ca: string, port = 8443): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const options = { host, port, servername, headers: { host: servername }, ca, agent: false };
    const request = https.get(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () => resolve(response.statusCode === 200 ? body : undefined));
    });
    request.on("error", () => resolve(undefined));
  });
}
