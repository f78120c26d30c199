import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../demo/free-port.ts";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { Stack } from "./stack.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

const HOST = "demo.viktoradam.net";

describe("the stack with certificates on a volume", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-https-"));
  const [certificates, challenges] = [join(directory, "certificates"), join(directory, "challenges")];
  let stack: Stack;
  let port = "";
  before(async () => {
    chmodSync(directory, 0o755);
    for (const path of [certificates, challenges]) mkdirSync(path);
    port = String(await freePort());
    const env = { SALLYPORT_CERTIFICATES: certificates, SALLYPORT_CHALLENGES: challenges, SALLYPORT_HTTPS_PORT: port };
    stack = await Stack.up("spe2e-https", { files: ["docs/examples/compose.https.yml"], env });
    await stack.routed(HOST, "demo-site", 60_000);
  });
  after(async () => {
    await stack.down();
    await removeDirectory(directory);
  });

  test("serves a certificate that is added to the volume and redirects HTTP to HTTPS", async () => {
    const authority = makeCertificate(certificates, HOST, [HOST]);
    // nginx's master process runs as user 101, which must be able to read the key.
    chmodSync(join(certificates, `${HOST}.key`), 0o644);
    const { host } = await stack.address();
    await eventually("nginx answers over TLS", async () => (await statusOf(host, authority)) === 200);
    await stack.answered(HOST, 301);
    const location = await new Promise((resolve, reject) => {
      const options = { port: stack.port, path: "/a", headers: { host: HOST }, agent: false };
      http.get(options, ({ headers }) => resolve(headers.location)).on("error", reject);
    });
    assert.equal(location, `https://${HOST}:${port}/a`);
    const explanation = await stack.compose("exec", "-T", "renderer", "/node", "/app/renderer.cjs", "explain", HOST);
    assert.match(
      explanation,
      /container spe2e-https-[a-z0-9-]+\n {2}belongs to project spe2e-https\n {2}certificate demo\.viktoradam\.net/,
    );
    const tested = await docker("exec", stack.container("nginx"), "nginx", "-t", "-q");
    assert.equal(tested, "");
  });

  test("serves ACME challenges over HTTP", async () => {
    mkdirSync(join(challenges, ".well-known", "acme-challenge"), { recursive: true });
    writeFileSync(join(challenges, ".well-known", "acme-challenge", "token"), "answer");
    await eventually("the token is served", async () => {
      const { status, body } = await stack.get(HOST, "/.well-known/acme-challenge/token");
      return status === 200 && body === "answer";
    });
  });
});

/** Returns the status of a request that verifies the certificate, or 0 without a response. */
async function statusOf(host: string, ca: string): Promise<number> {
  return await new Promise((resolve) => {
    const options = { host, port: 8443, servername: HOST, headers: { host: HOST }, ca, agent: false };
    const request = https.get(options, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", () => resolve(0));
  });
}
