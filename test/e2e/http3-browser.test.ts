import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readCertificates } from "../../renderer/nginx/certificates/directory.ts";
import { buildRoutes } from "../renderer/routes/build-routes.ts";
import type { VirtualHost } from "../../renderer/routes/routes.ts";
import { nginxPage } from "../../renderer/nginx/page.ts";
import { compileTemplate } from "../../renderer/template/template.ts";
import { freePort } from "../demo/free-port.ts";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { container } from "../renderer/fake-agent.ts";
import { BrowserPage } from "../renderer/status/page/browser-page.ts";
import { Chromium } from "../renderer/status/page/chromium.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

const TEMPLATE = "renderer/templates/nginx.conf.hbs";
const render = compileTemplate<VirtualHost>(readFileSync(TEMPLATE, "utf8"), TEMPLATE);
const HOSTS = ["a.example", "b.example", "without.example"] as const;
/** A name that no container requests: the default host answers. */
const UNKNOWN = "unknown.example";

describe("HTTP/3 between a browser and nginx", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-http3-"));
  const app = http.createServer((request, response) => {
    response.setHeader("content-type", "text/plain");
    response.end(`${request.headers.host} by ${String(request.headers["x-forwarded-proto"])}`);
  });
  let port: number;
  let nginx: string;
  let browser: Chromium;

  before(async () => {
    chmodSync(directory, 0o755);
    await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
    port = await freePort();
    const keys = HOSTS.map((host) => {
      const made = new X509Certificate(makeCertificate(directory, host, [host]));
      chmodSync(join(directory, `${host}.key`), 0o644);
      return createHash("sha256")
        .update(made.publicKey.export({ type: "spki", format: "der" }))
        .digest("base64");
    });
    writeFileSync(join(directory, "default.conf"), await configuration());
    const mounts = [`${directory}:/test:ro`, `${directory}/default.conf:/etc/nginx/conf.d/default.conf:ro`];
    const volumes = mounts.flatMap((mount) => ["--volume", mount]);
    nginx = await docker("run", "-d", "--network", "host", ...volumes, "nginxinc/nginx-unprivileged:stable");
    await eventually("nginx answers", async () => (await byTcp()) !== undefined);
    browser = new Chromium([
      "--enable-quic",
      `--origin-to-force-quic-on=${[...HOSTS, UNKNOWN].map((host) => `${host}:${port}`).join(",")}`,
      `--ignore-certificate-errors-spki-list=${keys.join(",")}`,
      `--host-resolver-rules=${[...HOSTS, UNKNOWN].map((host) => `MAP ${host} 127.0.0.1`).join(",")}`,
    ]);
  });
  after(async () => {
    await browser?.close();
    if (nginx) await docker("rm", "-f", nginx);
    app.close();
    await removeDirectory(directory);
  });

  async function configuration(): Promise<Buffer> {
    const { port: own } = app.address() as AddressInfo;
    const containers = HOSTS.map((host) => {
      const networks = [{ name: "front", ipv4: "127.0.0.1" }];
      const ports = [{ port: own, proto: "tcp" as const }];
      const labels = host === "without.example" ? { "com.github.nginx-proxy.nginx-proxy.http3.enable": "false" } : {};
      const described = container("abc".charAt(HOSTS.indexOf(host)), {
        env: { VIRTUAL_HOST: host },
        labels,
        networks,
        ports,
      });
      return { agent: "/a", dockerHost: "h", container: described };
    });
    const routes = buildRoutes(containers, { proxy: { kind: "host" }, onlyExposed: true });
    assert.equal(routes.kind, "routes");
    const common = { listen: port, port, directory: "/test", challenges: "/c", hstsSeconds: 0, http3: true };
    const secure = { ...common, certificates: readCertificates(directory) };
    // Exactly one server opens the socket for all workers, also with a default host.
    return render(nginxPage(routes, { listen: await freePort(), https: secure, defaultHost: HOSTS[1] }));
  }

  async function byTcp(host: string = HOSTS[0]): Promise<http.IncomingHttpHeaders | undefined> {
    return await new Promise((resolve) => {
      const name = { servername: host, headers: { host } };
      https
        .get({ port, ...name, rejectUnauthorized: false, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode === 200 ? response.headers : undefined);
        })
        .on("error", () => resolve(undefined));
    });
  }

  const assertByHttp3 = async (host: string): Promise<void> => {
    const page = await BrowserPage.open(browser);
    await page.goTo(`https://${host}:${port}/x`);
    const protocol = await page.evaluate<string>("performance.getEntriesByType('navigation')[0].nextHopProtocol");
    assert.equal(protocol, "h3");
    assert.equal(await page.evaluate<string>("document.body.innerText"), `${host}:${port} by https`);
  };

  for (const host of HOSTS.slice(0, 2)) {
    test(`serves ${host} over HTTP/3 with its own certificate`, async () => await assertByHttp3(host));
  }

  test("serves the default host over HTTP/3 for an unknown name", async () => await assertByHttp3(UNKNOWN));

  test("announces HTTP/3 in responses over TCP, except for a host that disables it", async () => {
    assert.equal((await byTcp())?.["alt-svc"], `h3=":${port}"; ma=86400`);
    const without = await byTcp("without.example");
    assert.deepEqual([without === undefined, without?.["alt-svc"]], [false, undefined]);
  });
});
