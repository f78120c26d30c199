import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import * as tls from "node:tls";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { docker, dockerSocket } from "../docker.ts";
import { IMAGE, SelfContained } from "../e2e/self-contained-box.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

/** A set-up of nginx-proxy: its app, and what the rehearsal prints of its host. */
interface SetUp {
  readonly host: string;
  readonly options: readonly string[];
  readonly lines: RegExp;
}

const ILL = ["--health-cmd", "false", "--health-interval", "1s", "--health-retries", "1"];

const SAME: readonly SetUp[] = [
  {
    host: "plain.example",
    options: [],
    lines: /^ {2}same: {8}HTTP served, TLS rejected, containers \S+-plain$/m,
  },
  {
    host: "secure.example",
    options: [],
    lines: /^ {2}same: {8}HTTP redirected to HTTPS, TLS with certificate secure\.example, containers \S+-secure$/m,
  },
  {
    host: "unchecked.example",
    options: ILL,
    lines: /^ {2}same: {8}HTTP served, TLS rejected, containers \S+-unchecked$/m,
  },
];

const DIFFERENT: readonly SetUp[] = [
  {
    host: "port.example",
    options: ["-e", "VIRTUAL_PORT=http"],
    lines:
      /nginx-proxy: HTTP served, .*\n {2}Sallyport: {3}no virtual host, HTTP returns 503\n {2}because: .*VIRTUAL_PORT.*"http".*not a port number/,
  },
  {
    host: "key.example",
    options: [],
    lines:
      /nginx-proxy: HTTP redirected to HTTPS, TLS with certificate key\.example, .*\n {2}Sallyport: {3}no virtual host, HTTP returns 503\n {2}because: {5}nginx rejects certificate key\.example/,
  },
  {
    host: "ill.example",
    options: [...ILL, "--label", "sallyport.health=required"],
    lines:
      /nginx-proxy: HTTP served, .*\n {2}Sallyport: {3}HTTP 503, TLS rejected, no container, apps return 503\n {2}because: {5}container \S+-ill: .*unhealthy/,
  },
  {
    host: "locked.example",
    options: [],
    lines:
      /nginx-proxy: HTTP served, .*\n {2}Sallyport: {3}HTTP 503, .*\n {2}because: .*htpasswd\/locked\.example.*has no line `name:hash`/,
  },
  {
    host: "method.example",
    options: ["-e", "HTTPS_METHOD=nohttp", "-e", "ENABLE_HTTP_ON_MISSING_CERT=perhaps"],
    lines:
      /nginx-proxy: HTTP 503, .* containers .*\n {2}Sallyport: {3}HTTP 503, .* no container, .*\n {2}because: .*"perhaps": not true or false/,
  },
];

describe("the rehearsal of a migration from nginx-proxy", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-rehearsal-"));
  const certificates = join(directory, "certs");
  let box: SelfContained;
  let output = "";
  const mounts = (): string[] =>
    ["certs", "htpasswd", "conf.d"].flatMap((name) => ["-v", `${join(directory, name)}:/etc/nginx/${name}`]);

  before(async () => {
    await SelfContained.build();
    box = await SelfContained.create("spe2e-rehearsal");
    chmodSync(directory, 0o755);
    for (const name of ["certs", "htpasswd", "conf.d"]) mkdirSync(join(directory, name));
    makeCertificate(certificates, "secure.example", ["secure.example"]);
    makeCertificate(certificates, "key.example", ["key.example"]);
    writeFileSync(join(certificates, "key.example.key"), readFileSync(join(certificates, "secure.example.key")));
    writeFileSync(join(directory, "htpasswd", "locked.example"), "# empty\n");
    writeFileSync(join(directory, "conf.d", "default.conf"), "upstream of.nginx-proxy {}\n");
    writeFileSync(join(directory, "conf.d", "own.conf"), "client_max_body_size 9mm;\n");
    const old = ["run", "-d", "--name", `${box.name}-old`, "--network", box.name, "--label", `spe2e=${box.name}`];
    const socket = `${dockerSocket()}:/tmp/docker.sock:ro`;
    await docker(...old, "-v", socket, ...mounts(), "node:26-trixie-slim", "sleep", "1000");
    for (const { host, options } of [...SAME, ...DIFFERENT])
      await box.app(host.replace(".example", ""), "-e", `VIRTUAL_HOST=${host}`, ...options);
    for (const app of ["ill", "unchecked"]) await waitForHealth(`${box.name}-${app}`);
    const from = ["--rm", "--volumes-from", `${box.name}-old:ro`, "--label", `spe2e=${box.name}`];
    const command = ["run", ...from, "-e", "SHA1_UPSTREAM_NAME=true", IMAGE, "rehearse", `${box.name}-old`];
    output = await docker(...command).catch((error: { stdout: string }) => error.stdout);
  });
  after(async () => {
    await box.remove();
    await removeDirectory(directory);
  });

  async function waitForHealth(name: string): Promise<void> {
    const { eventually } = await import("../eventually.ts");
    const format = "{{.State.Health.Status}}";
    await eventually("the app is unhealthy", async () => (await docker("inspect", "-f", format, name)) === "unhealthy");
  }

  for (const { host, lines } of [...SAME, ...DIFFERENT]) {
    test(`prints what happens to ${host}`, () => {
      const [, block = ""] = new RegExp(`^${host}\\n((?: {2}.*\\n)+)`, "m").exec(output) ?? [];
      assert.match(block, lines, output);
    });
  }

  test("prints settings without effect, own files that nginx rejects, and a summary", () => {
    assert.match(output, /^DIFFERS: SHA1_UPSTREAM_NAME: /m);
    assert.match(
      output,
      /^nginx rejects your own files: .*"client_max_body_size" directive invalid value in .*own\.conf/m,
    );
    assert.match(output, /^8 hosts, 5 of them differ$/m);
  });

  test("changes nothing in the directories of nginx-proxy", () => {
    assert.equal(readFileSync(join(directory, "conf.d", "default.conf"), "utf8"), "upstream of.nginx-proxy {}\n");
  });

  test("every host is served as printed after the image is replaced", async () => {
    writeFileSync(join(directory, "conf.d", "own.conf"), "client_max_body_size 9m;\n");
    await docker("rm", "-f", `${box.name}-old`);
    await box.start(...mounts());
    for (const { host } of [...SAME, ...DIFFERENT]) {
      const [, block = ""] = new RegExp(`^${host}\\n((?: {2}.*\\n)+)`, "m").exec(output) ?? [];
      const [, after = ""] = /^ {2}(?:same|Sallyport): +(.*)$/m.exec(block) ?? [];
      const { status } = await box.get(host);
      const expected = after.startsWith("HTTP served") ? 200 : after.startsWith("HTTP redirected") ? 301 : 503;
      assert.equal(status, expected, `${host}: ${after}`);
      const [, stem] = /TLS with certificate (\S+),/.exec(after) ?? [];
      assert.equal(await presented(host), stem === undefined ? undefined : fingerprintOf(stem), `${host}: ${after}`);
    }
  });

  function fingerprintOf(stem: string): string {
    return new X509Certificate(readFileSync(join(certificates, `${stem}.crt`))).fingerprint256;
  }

  /** The fingerprint of the certificate that a client gets, or undefined if the handshake is rejected. */
  async function presented(servername: string): Promise<string | undefined> {
    const host = await box.address();
    return await new Promise((resolve) => {
      const socket = tls.connect({ host, port: 443, servername, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()?.fingerprint256);
        socket.destroy();
      });
      socket.on("error", () => resolve(undefined));
    });
  }
});
