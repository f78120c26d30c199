import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { readCertificates } from "../../renderer/nginx/certificates/directory.ts";
import { buildRoutes } from "../renderer/routes/build-routes.ts";
import type { VirtualHost } from "../../renderer/routes/routes.ts";
import { nginxPage } from "../../renderer/nginx/page.ts";
import { compileTemplate } from "../../renderer/template/template.ts";
import { docker } from "../docker.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { container } from "../renderer/fake-agent.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

const TEMPLATE = "renderer/templates/nginx.conf.hbs";
const render = compileTemplate<VirtualHost>(readFileSync(TEMPLATE, "utf8"), TEMPLATE);

describe("HTTP/3", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-http3-"));
  after(async () => await removeDirectory(directory));

  test("is accepted by nginx, with one socket for all workers on each address", async () => {
    chmodSync(directory, 0o755);
    const routes = buildRoutes(
      ["a", "b"].map((digit) => {
        const networks = [{ name: "front", ipv4: "192.0.2.1" }];
        makeCertificate(directory, `${digit}.example`, [`${digit}.example`]);
        chmodSync(join(directory, `${digit}.example.key`), 0o644);
        return {
          agent: "/a",
          dockerHost: "h",
          container: container(digit, { networks, ports: [{ port: 80, proto: "tcp" }] }),
        };
      }),
      { proxy: { kind: "host" }, onlyExposed: true },
    );
    assert.equal(routes.kind, "routes");
    const https = { listen: 8443, port: 443, directory: "/test", challenges: "/c", hstsSeconds: 1, http3: true };
    const settings = { listen: 8080, ipv6: true, https: { ...https, certificates: readCertificates(directory) } };
    const text = render(nginxPage(routes, settings)).toString("utf8");
    assert.equal(text.match(/^ {4}listen 8443 quic reuseport default_server;$/gm)?.length, 1);
    assert.equal(text.match(/^ {4}listen \[::\]:8443 quic reuseport default_server;$/gm)?.length, 1);
    assert.equal(text.match(/^ {4}listen 8443 quic;$/gm)?.length, 2);
    writeFileSync(join(directory, "default.conf"), text);
    const mount = [
      "--volume",
      `${directory}:/test:ro`,
      "--volume",
      `${directory}/default.conf:/etc/nginx/conf.d/default.conf:ro`,
    ];
    // Rejects with nginx's message when nginx rejects the file.
    await docker("run", "--rm", ...mount, "--entrypoint", "nginx", "nginxinc/nginx-unprivileged:stable", "-t", "-q");
  });
});
