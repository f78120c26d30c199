import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { BackgroundProcess } from "../../demo/background-process.ts";
import { freePort } from "../../demo/free-port.ts";
import { eventually } from "../../eventually.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";
import { container } from "../fake-agent.ts";
import { echoing } from "../nginx/rig.ts";
import { renderWith, templateGroup } from "../targets/template-group.ts";

const WEBSOCKET = ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];

const PROGRAMS = [
  {
    program: "haproxy",
    template: "haproxy.cfg",
    format: "haproxy",
    local: (text: string, port: number) => text.replace("bind :8080", `bind 127.0.0.1:${port}`),
    args: (file: string) => ["-db", "-f", file],
  },
  {
    program: "caddy",
    template: "Caddyfile",
    format: "caddyfile",
    local: (text: string, port: number) =>
      text
        .replace("admin unix//run/caddy/admin.sock", "admin off")
        .replace("app.example {", `http://app.example:${port} {`),
    args: (file: string) => ["run", "--config", file, "--adapter", "caddyfile"],
  },
] as const;

for (const { program, template, format, local, args } of PROGRAMS) {
  test(
    `${template}: only WebSocket upgrades reach an app, and no Forwarded header of a client`,
    {
      skip: requires(program),
    },
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "sallyport-upgrade-"));
      const app = echoing("app");
      await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
      const one = container("a", {
        labels: { [`${program}.host`]: "app.example" },
        networks: [{ name: "front", ipv4: "127.0.0.1" }],
        ports: [{ port: (app.address() as net.AddressInfo).port, proto: "tcp" }],
      });
      const source = readFileSync(`renderer/templates/gallery/${template}.hbs`, "utf8");
      const { text } = await renderWith(templateGroup(source, format), [
        { agent: "/a", dockerHost: "one", container: one },
      ]);
      const port = await freePort();
      const file = join(directory, template);
      writeFileSync(file, local(text, port));
      const server = new BackgroundProcess(program, program, args(file), { env: { ...process.env, HOME: directory } });
      try {
        const ask = async (...headers: readonly string[]) => await echoOf(port, headers);
        await eventually(`${program} serves the app`, async () => (await ask()) !== undefined);
        for (const upgrade of [["h2c"], ["websocket", "h2c"], ["h2c", "websocket"], ["TLS/1.2"], ["websocket, h2c"]]) {
          const seen = await ask(
            "Connection: Upgrade",
            "Forwarded: for=10.0.0.1",
            ...upgrade.map((value) => `Upgrade: ${value}`),
          );
          assert.doesNotMatch(seen ?? "", /h2c|TLS|10\.0\.0\.1/, upgrade.join());
          assert.ok(seen !== undefined, `${upgrade.join()} is answered`);
        }
        const seen = await ask("Connection: Upgrade", "Upgrade: WebSocket");
        assert.match(seen ?? "", /"upgrade":"websocket"/i);
      } finally {
        await server.stop();
        app.close();
        await removeDirectory(directory);
      }
    },
  );
}

interface TraefikRouter {
  readonly rule: string;
  readonly middlewares: readonly [string];
}

interface TraefikFile {
  readonly http: {
    readonly routers: Readonly<Record<string, TraefikRouter>>;
    readonly middlewares: Readonly<
      Record<string, { readonly headers: { readonly customRequestHeaders: Readonly<Record<string, string>> } }>
    >;
  };
}

test("traefik.yml: only WebSocket upgrades reach an app, and no Forwarded header of a client", async () => {
  const one = container("a", {
    labels: { "traefik.host": "app.example" },
    networks: [{ name: "front", ipv4: "10.0.0.1" }],
    ports: [{ port: 80, proto: "tcp" }],
  });
  const source = readFileSync("renderer/templates/gallery/traefik.yml.hbs", "utf8");
  const { text } = await renderWith(templateGroup(source, "yaml"), [
    { agent: "/a", dockerHost: "one", container: one },
  ]);
  const { routers, middlewares } = (parse(text) as TraefikFile).http;
  // As Traefik does: the longest rule that matches any of the values is used, and its middleware replaces all of them.
  const upgradeOf = (values: readonly string[]): string => {
    const matching = Object.values(routers).filter(({ rule }) => {
      const pattern = /HeaderRegexp\(`Upgrade`, `\(\?i\)([^`]*)`\)$/.exec(rule)?.[1];
      return pattern === undefined || values.some((value) => new RegExp(pattern, "i").test(value));
    });
    const [router] = matching.toSorted((a, b) => b.rule.length - a.rule.length);
    const { customRequestHeaders } = middlewares[router!.middlewares[0]]!.headers;
    assert.equal(customRequestHeaders["Forwarded"], "");
    return customRequestHeaders["Upgrade"]!;
  };
  for (const values of [[], ["h2c"], ["TLS/1.2"], ["websocket, h2c"]]) assert.equal(upgradeOf(values), "");
  for (const values of [["WebSocket"], ["h2c", "websocket"], ["websocket", "h2c"]])
    assert.equal(upgradeOf(values), "websocket");
});

/** The request as the app received it, or undefined without a response. */
async function echoOf(port: number, headers: readonly string[]): Promise<string | undefined> {
  const socket = net.connect(port, "127.0.0.1");
  socket.write(["GET / HTTP/1.1", "Host: app.example", ...WEBSOCKET, ...headers, "", ""].join("\r\n"));
  return await new Promise((resolve) => {
    let text = "";
    socket.setEncoding("utf8").on("error", () => resolve(undefined));
    socket.on("data", (part: string) => {
      text += part;
      if (/\}\s*(?:0\s*)?$/.test(text)) socket.destroy();
    });
    socket.on("close", () => resolve(text.startsWith("HTTP/1.1 200 ") ? text : undefined));
  });
}
