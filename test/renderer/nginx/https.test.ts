import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run } from "../../../renderer/targets/run.ts";
import { parseConfig } from "../../../renderer/config/schema.ts";
import type { BackgroundProcess } from "../../demo/background-process.ts";
import { freePort } from "../../demo/free-port.ts";
import { nginxCommand, runNginx, writeNginxConfigs } from "../../demo/local-nginx.ts";
import { eventually } from "../../eventually.ts";
import { makeCertificate } from "./certificate-files.ts";
import { container, FakeAgent } from "../fake-agent.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";

/** What a client saw; status 0 when there was no answer. */
interface Seen {
  readonly status: number;
  readonly location?: string | undefined;
  readonly hsts?: string | undefined;
  readonly fingerprint?: string | undefined;
}

const skip = requires("nginx", "openssl");

describe("TLS with certificates on a volume, before a real nginx", { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-https-"));
  const certificates = join(directory, "certificates");
  const stop = new AbortController();
  const backend = http.createServer((request, response) => response.end(request.headers["x-forwarded-proto"]));
  let agent: FakeAgent;
  let nginx: BackgroundProcess;
  let running: Promise<unknown>;
  let plainPort: number;
  let tlsPort: number;

  before(async () => {
    mkdirSync(certificates);
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    [plainPort, tlsPort] = [await freePort(18_080), await freePort(18_443)];
    const configs = writeNginxConfigs(directory);
    nginx = runNginx(configs);
    agent = new FakeAgent(join(directory, "agent.sock"));
    agent.first = [
      app("a", { VIRTUAL_HOST: "a.example" }),
      app("b", { VIRTUAL_HOST: "b.example" }),
      app("c", { VIRTUAL_HOST: "c.example", HTTPS_METHOD: "noredirect", CERT_NAME: "a.example" }),
      app("d", { VIRTUAL_HOST: "d.example", HTTPS_METHOD: "nohttp", CERT_NAME: "a.example" }),
      app("e", { VIRTUAL_HOST: "e.example", HTTPS_METHOD: "nohttps", CERT_NAME: "a.example" }),
      app("f", { VIRTUAL_HOST: "f.example", HTTPS_METHOD: "yes; }", CERT_NAME: "../a.example" }),
    ];
    const config = parseConfig(
      JSON.stringify({
        agents: [{ socket: join(directory, "agent.sock") }],
        proxy: "host",
        statusSocket: join(directory, "status.sock"),
        targets: [
          {
            template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
            destination: join(directory, "conf.d", "default.conf"),
            listen: plainPort,
            https: { listen: tlsPort, port: tlsPort, certificates },
            wait: "10ms:100ms",
            check: { command: [...nginxCommand(directory, configs.candidate), "-t", "-q"] },
            reload: { exec: { command: [...nginxCommand(directory, configs.live), "-s", "reload"] } },
          },
        ],
      }),
      "test.yml",
    );
    assert.ok(!("problems" in config), JSON.stringify(config));
    running = run(config, stop.signal, () => undefined);
    await eventually("plain HTTP is served", async () => (await plain("a.example")).status === 200);
  });
  after(async () => {
    stop.abort();
    await agent.close();
    await running;
    await nginx.stop();
    backend.close();
    await removeDirectory(directory);
  });

  function app(digit: string, env: Record<string, string>) {
    const { port } = backend.address() as AddressInfo;
    return container(digit, {
      env: { ...env, VIRTUAL_PORT: String(port) },
      networks: [{ name: "front", ipv4: "127.0.0.1" }],
      ports: [{ port, proto: "tcp" }],
    });
  }

  const plain = async (host: string): Promise<Seen> =>
    await ask((done) => http.get({ port: plainPort, path: "/x?y=1", headers: { host }, agent: false }, done));
  const tls = async (host: string): Promise<Seen> =>
    await ask((done) => {
      const options = { port: tlsPort, servername: host, headers: { host }, rejectUnauthorized: false, agent: false };
      return https.get(options, done);
    });

  test("a host without a certificate is served plainly, and TLS is refused before any certificate is shown", async () => {
    assert.equal((await plain("b.example")).status, 200);
    assert.deepEqual(await tls("b.example"), { status: 0 });
  });

  test("a certificate that appears is used at once: TLS is served, plain HTTP leads there", async () => {
    makeCertificate(certificates, "a.example", ["a.example"]);
    // nginx's old workers may accept for a moment longer.
    await eventually("TLS is served", async () => (await tls("a.example")).hsts === "max-age=31536000");
    const there = `https://a.example:${tlsPort}/x?y=1`;
    await eventually("plain HTTP leads there", async () => (await plain("a.example")).location === there);
    assert.equal((await plain("b.example")).status, 200);
  });

  const methods: readonly [host: string, plain: number, tls: number, hsts: boolean][] = [
    ["c.example", 200, 200, false],
    ["d.example", 503, 200, true],
    ["e.example", 200, 0, false],
    ["f.example", 200, 0, false],
  ];
  for (const [host, plainStatus, tlsStatus, hsts] of methods) {
    test(`${host} answers ${plainStatus} to plain HTTP and ${tlsStatus} to TLS`, async () => {
      await eventually("both are so", async () => {
        const [byPlain, byTls] = [await plain(host), await tls(host)];
        return byPlain.status === plainStatus && byTls.status === tlsStatus && (byTls.hsts !== undefined) === hsts;
      });
    });
  }

  test("a certificate with somebody else's key costs its own host TLS, and nobody else anything", async () => {
    makeCertificate(certificates, "b.example", ["b.example"]);
    await eventually("TLS is served", async () => (await tls("b.example")).status === 200);
    copyFileSync(join(certificates, "a.example.key"), join(certificates, "b.example.key"));
    await eventually("its TLS is gone", async () => (await tls("b.example")).status === 0);
    await eventually("it is served plainly", async () => (await plain("b.example")).status === 200);
    await eventually("its neighbour is served", async () => (await tls("a.example")).status === 200);
  });

  test("a renewed certificate is taken up although its path is the same", async () => {
    const { fingerprint } = await tls("a.example");
    makeCertificate(certificates, "a.example", ["a.example"]);
    await eventually("the new one is shown", async () => {
      const seen = await tls("a.example");
      return seen.status === 200 && seen.fingerprint !== fingerprint;
    });
  });
});

async function ask(get: (done: (response: http.IncomingMessage) => void) => http.ClientRequest): Promise<Seen> {
  return await new Promise((resolve) => {
    const request = get((response) => {
      const { location, "strict-transport-security": hsts } = response.headers;
      const socket = response.socket as Partial<import("node:tls").TLSSocket>;
      const fingerprint = socket.getPeerCertificate?.().fingerprint256;
      response.resume();
      response.on("end", () => resolve({ status: response.statusCode ?? 0, location, hsts, fingerprint }));
    });
    request.on("error", () => resolve({ status: 0 }));
  });
}
