import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nginxPage } from "../../../renderer/nginx/page.ts";
import type { VirtualHost } from "../../../renderer/routes/routes.ts";
import { compileTemplate } from "../../../renderer/template/template.ts";
import { freePort } from "../../demo/free-port.ts";
import { runNginx } from "../../demo/local-nginx.ts";
import { request } from "../../e2e/stack.ts";
import { eventually } from "../../eventually.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";
import { container } from "../fake-agent.ts";
import { buildRoutes } from "../routes/build-routes.ts";
import { echoing } from "./rig.ts";

const TEMPLATE = "renderer/templates/nginx.conf.hbs";

/** More than the 1,024 connections per worker of nginx's images, on two workers. */
const HALF_SENT = 3_000;

for (const file of ["renderer/nginx/nginx.conf", "renderer/self-contained/nginx.conf"]) {
  test(`${HALF_SENT} half-sent requests of one client do not stop ${file}`, { skip: requires("nginx") }, async () => {
    const directory = mkdtempSync(join(tmpdir(), "sallyport-connections-"));
    for (const name of ["conf.d", "temp"]) mkdirSync(join(directory, name));
    const app = echoing("app");
    await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
    const port = await freePort();
    const live = join(directory, "nginx.conf");
    writeFileSync(live, localized(readFileSync(file, "utf8"), directory));
    writeFileSync(
      join(directory, "conf.d", "default.conf"),
      configuration(port, (app.address() as net.AddressInfo).port),
    );
    const nginx = runNginx({ directory, live, candidate: live });
    const sockets: net.Socket[] = [];
    const status = async (): Promise<number> => (await request({ host: "127.0.0.1", port }, "app.example", "/")).status;
    try {
      await eventually("nginx serves the host", async () => (await status()) === 200);
      for (let opened = 0; opened < HALF_SENT; opened += 1) sockets.push(net.connect(port, "127.0.0.1"));
      await Promise.all(sockets.map(async (socket) => await halfSend(socket)));
      for (let asked = 0; asked < 20; asked += 1) assert.equal(await status(), 200);
    } finally {
      for (const socket of sockets) socket.destroy();
      await nginx.stop();
      app.close();
      await removeDirectory(directory);
    }
  });
}

async function halfSend(socket: net.Socket): Promise<void> {
  await new Promise((resolve) => {
    socket.on("error", resolve).write("GET / HTTP/1.1\r\nHost: app.example\r\nX-Half: ", resolve);
  });
}

/** The configuration with all files in one directory, and two workers. */
function localized(text: string, directory: string): string {
  return text
    .replace("worker_processes auto;", "worker_processes 2;")
    .replaceAll(/include \/etc\/nginx\/(?:mime\.types|toplevel\.conf\.d\/\*\.conf);\n/g, "")
    .replace(
      "/etc/nginx/nginx-proxy-variables.conf",
      join(process.cwd(), "renderer/self-contained/nginx-proxy-variables.conf"),
    )
    .replaceAll("/etc/nginx/conf.d/", `${directory}/conf.d/`)
    .replaceAll(/\/(?:tmp|run\/nginx|run)\/nginx\.pid/g, `${directory}/nginx.pid`)
    .replaceAll(/ \/(?:tmp|var\/cache\/nginx)\/([a-z]+_temp);/g, ` ${directory}/temp/$1;`)
    .replaceAll(/\/dev\/stderr|\/var\/log\/nginx\/[a-z]+\.log/g, `${directory}/nginx.log`);
}

function configuration(listen: number, appPort: number): string {
  const one = container("a", {
    env: { VIRTUAL_HOST: "app.example" },
    networks: [{ name: "front", ipv4: "127.0.0.1" }],
    ports: [{ port: appPort, proto: "tcp" }],
  });
  const routes = buildRoutes([{ agent: "/a", dockerHost: "h", container: one }], {
    proxy: { kind: "host" },
    onlyExposed: true,
  });
  assert.equal(routes.kind, "routes");
  const render = compileTemplate<VirtualHost>(readFileSync(TEMPLATE, "utf8"), TEMPLATE);
  return render(nginxPage(routes, { listen })).toString("utf8");
}
