import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as https from "node:https";
import { after, before, describe, test } from "node:test";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { removeDirectory } from "../remove-directory.ts";
import { AcmeAuthority } from "../renderer/nginx/acme-authority.ts";
import { requires } from "../requires.ts";
import { Stack } from "./stack.ts";

const OVERRIDE = `services:
  acme:
    extra_hosts: ["pebble.test:host-gateway"]
    environment: { ACME_CA_URI: "\${ACME_CA_URI}", CA_BUNDLE: /pebble.crt }
    volumes: ["\${PEBBLE_CERTIFICATE}:/pebble.crt:ro"]
`;

describe("the stack with HTTPS by itself", { skip: requires("docker", "pebble", "pebble-challtestsrv") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-acme-"));
  const authority = new AcmeAuthority(join(directory, "pebble"));
  let stack: Stack;
  before(async () => {
    chmodSync(directory, 0o755);
    const override = join(directory, "override.yml");
    writeFileSync(override, OVERRIDE);
    // The client starts before there is an authority.
    const env = { ACME_CA_URI: "https://pebble.test:1/dir", SALLYPORT_HTTPS_PORT: "0" };
    stack = await Stack.up("spe2e-acme", { files: ["docs/examples/compose.acme.yml"], env, demo: false });
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
});

/** Returns the body of a response over verified TLS, or undefined without one. */
async function bodyOf(host: string, servername: string, ca: string): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const options = { host, port: 8443, servername, headers: { host: servername }, ca, agent: false };
    const request = https.get(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () => resolve(response.statusCode === 200 ? body : undefined));
    });
    request.on("error", () => resolve(undefined));
  });
}
