import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../demo/free-port.ts";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";
import { request, Stack } from "./stack.ts";

const PROJECT = "spe2e-page";
const NAME = "status.example.com";

describe("the status page, with nginx on two networks", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-page-"));
  const config = join(directory, "renderer.yml");
  let stack: Stack;
  let published: { host: string; port: number };
  before(async () => {
    chmodSync(directory, 0o755);
    published = { host: "127.0.0.1", port: await freePort() };
    for (const name of ["vhost.d", "htpasswd"]) mkdirSync(join(directory, name));
    writeFileSync(join(directory, "vhost.d", `${NAME}_location`), "proxy_set_header Host localhost;\n");
    writeFileSync(join(directory, "htpasswd", NAME), "admin:{PLAIN}right\n");
    writeConfig(["127.0.0.0/8"]);
    const files = ["vhost.d", "htpasswd"].map((name) => `${join(directory, name)}:/etc/nginx/${name}:ro`);
    const override = {
      services: {
        nginx: { ports: [`127.0.0.1:${published.port}:8081`], networks: ["default", "a-first"], volumes: files },
        renderer: {
          volumes: [...files, `${directory}:/srv/own:ro`],
          command: ["run", "--config", "/srv/own/renderer.yml"],
        },
      },
      networks: { "a-first": {} },
    };
    const file = join(directory, "compose.override.yml");
    writeFileSync(file, JSON.stringify(override));
    stack = await Stack.up(PROJECT, { files: [file], demo: false });
  });
  after(async () => {
    await stack.down();
    await removeDirectory(directory);
  });

  function writeConfig(allow: readonly string[]): void {
    const text = readFileSync("renderer/renderer.yml", "utf8");
    const more = [
      "    routing:",
      `      routes: [{ host: ${NAME}, to: ["127.0.0.1:8081"] }]`,
      "    nginx:",
      "      files: { vhosts: /etc/nginx/vhost.d, passwords: /etc/nginx/htpasswd }",
      "",
    ];
    const own = text.replace("  listen: 8081\n", `  listen: 8081\n  allow: ${JSON.stringify(allow)}\n`);
    writeFileSync(config, `${own}${more.join("\n")}`);
  }

  test("is served through a published port once the gateways of nginx's networks are allowed", async () => {
    await eventually("the page is refused", async () => (await request(published, "localhost", "/")).status === 403);
    const format = "{{range .NetworkSettings.Networks}}{{println .Gateway}}{{end}}";
    const gateways = (await docker("inspect", "-f", format, stack.container("nginx"))).split("\n").filter(Boolean);
    assert.equal(gateways.length, 2, gateways.join(" "));
    writeConfig(["127.0.0.0/8", ...gateways]);
    await eventually("the page is served", async () => (await request(published, "localhost", "/")).status === 200);
  });

  test("is served by a host name with a password", async () => {
    await stack.answered(NAME, 401);
    const url = `http://127.0.0.1:${stack.port}/status.json`;
    const body = execFileSync("curl", ["-s", "-u", "admin:right", "-H", `Host: ${NAME}`, url], { encoding: "utf8" });
    assert.ok(Array.isArray((JSON.parse(body) as { targets: unknown }).targets), body);
  });
});
