import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { parseConfig } from "../../../renderer/config/load.ts";
import { type Running, run } from "../../../renderer/targets/run.ts";
import { askStatus } from "../../../renderer/status/socket.ts";
import type { BackgroundProcess } from "../../demo/background-process.ts";
import { freePort } from "../../demo/free-port.ts";
import { type NginxConfigs, writeNginxConfigs } from "../../demo/local-nginx.ts";
import { request } from "../../e2e/stack.ts";
import { eventually } from "../../eventually.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";
import { container, FakeAgent } from "../fake-agent.ts";
import { makeCertificate } from "../nginx/certificate-files.ts";
import { runEntrypoint } from "./reload-loop.ts";

/** Virtual hosts with a certificate of their own, and one without. */
const [FIRST, SECOND, PLAIN] = ["first.example", "second.example", "plain.example"];

describe(
  "nginx's container restarts after a file that the live configuration names is gone",
  {
    skip: requires("nginx", "openssl"),
  },
  () => {
    let directory: string;
    let configs: NginxConfigs;
    let agent: FakeAgent;
    let app: http.Server;
    let nginx: BackgroundProcess;
    let port: number;
    let stop: AbortController;
    let finished: Promise<unknown>;
    let renderer: Running | undefined;

    beforeEach(async () => {
      directory = mkdtempSync(join(tmpdir(), "sallyport-blocked-"));
      configs = writeNginxConfigs(directory);
      for (const name of ["channel", "scratch", "certificates"]) mkdirSync(join(directory, name));
      for (const host of [FIRST, SECOND]) makeCertificate(join(directory, "certificates"), host, [host]);
      cpSync(join(directory, "certificates"), join(directory, "mounted"), { recursive: true });
      app = http.createServer((_, response) => response.end("served"));
      await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
      agent = new FakeAgent(join(directory, "agent.sock"));
      agent.first = [FIRST, SECOND, PLAIN].map((host, index) =>
        container(String(index + 1), {
          env: { VIRTUAL_HOST: host, HTTPS_METHOD: "noredirect" },
          networks: [{ name: "front", ipv4: "127.0.0.1" }],
          ports: [{ port: (app.address() as AddressInfo).port, proto: "tcp" }],
        }),
      );
      port = await freePort();
      nginx = runEntrypoint(configs, join(directory, "channel"));
      stop = new AbortController();
      const config = parseConfig(
        JSON.stringify({
          agents: [{ socket: join(directory, "agent.sock") }],
          proxy: "host",
          statusSocket: join(directory, "status.sock"),
          targets: [
            {
              template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
              destination: join(directory, "conf.d", "default.conf"),
              listen: port,
              https: {
                listen: await freePort(),
                certificates: join(directory, "certificates"),
                certificatesInNginx: join(directory, "mounted"),
              },
              wait: "10ms:100ms",
              interval: "1h",
              reload: { channel: join(directory, "channel") },
            },
          ],
        }),
        "test.yml",
      );
      if ("problems" in config) throw new Error(config.problems.join("\n"));
      const events: string[] = [];
      finished = run(config, stop.signal, (_level, event) => events.push(event), {
        onStart: (running) => (renderer = running),
      });
      await eventually("the configuration is confirmed", () => events.includes("publish.succeeded"));
      await served(FIRST, 200);
    });
    afterEach(async () => {
      stop.abort();
      await finished;
      await nginx.stop();
      await agent.close();
      app.close();
      await removeDirectory(directory);
    });

    async function served(host: string, status: number): Promise<void> {
      await eventually(`${host} answers ${status}`, async () => {
        return (await request({ host: "127.0.0.1", port }, host, "/")).status === status;
      });
    }

    async function restart(meanwhile: () => void): Promise<void> {
      await nginx.stop();
      meanwhile();
      nginx = runEntrypoint(configs, join(directory, "channel"));
    }

    const remove = (from: "mounted" | "certificates", ...hosts: readonly string[]): void => {
      for (const host of hosts) for (const ending of ["crt", "key"]) rmSync(join(directory, from, `${host}.${ending}`));
    };

    test("serves the host without its certificate if the renderer sees the same directory", async () => {
      await restart(() => {
        for (const from of ["mounted", "certificates"] as const) remove(from, FIRST);
      });
      for (const host of [FIRST, SECOND, PLAIN]) await served(host, 200);
    });

    test("quarantines the host if only nginx lacks the file, and serves it when the file is back", async () => {
      await restart(() => remove("mounted", FIRST));
      for (const host of [SECOND, PLAIN]) await served(host, 200);
      await served(FIRST, 503);
      await eventually("the status names the file", async () => {
        const { quarantined } = await askStatus(join(directory, "status.sock"));
        return /cannot load certificate.*mounted\/first\.example\.crt/s.test(quarantined[0]?.reason ?? "");
      });
      cpSync(join(directory, "certificates"), join(directory, "mounted"), { recursive: true });
      renderer?.refresh();
      await served(FIRST, 200);
    });

    test("starts without any host if every host names a file that is gone", async () => {
      agent.send("snapshot.delta", {
        base: 5,
        generation: 6,
        upserted: [],
        removed: ["3".repeat(64)],
      });
      await served(PLAIN, 503);
      await restart(() => remove("mounted", FIRST, SECOND));
      await served(FIRST, 503);
    });

    test("reports nginx's message in the container's log", async () => {
      await restart(() => remove("mounted", FIRST));
      await eventually("the log names the file", () =>
        /sallyport: nginx rejects its configuration.*first\.example\.crt/s.test(nginx.lines.join("\n")),
      );
      await served(PLAIN, 200);
    });
  },
);
