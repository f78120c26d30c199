import { chmodSync, copyFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../../renderer/targets/run.ts";
import { parseConfig } from "../../../../renderer/config/schema.ts";
import type { Container } from "../../../../shared/snapshot.ts";
import { freePort } from "../../../demo/free-port.ts";
import { nginxCommand, runNginx, writeNginxConfigs } from "../../../demo/local-nginx.ts";
import { makeCertificate } from "../../nginx/certificate-files.ts";
import { container, FakeAgent } from "../../fake-agent.ts";
import { removeDirectory } from "../../../remove-directory.ts";

/** A morning in November, in milliseconds since the epoch. */
const MORNING = Date.UTC(2026, 10, 24, 6, 12, 40);
const HOUR_MS = 3_600_000;

/** A renderer that runs, and a real nginx that serves its status page at 127.0.0.1 for 127.0.0.1 alone. */
export interface ExampleSite {
  readonly port: number;
  readonly agent: FakeAgent;
  readonly close: () => Promise<void>;
}

/** Starts it with something to see in every section. */
export async function startExampleSite(): Promise<ExampleSite> {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-site-"));
  // nginx's workers are another user when root runs the test.
  chmodSync(directory, 0o755);
  const stop = new AbortController();
  const [plain, tls, port] = [await freePort(18_080), await freePort(18_443), await freePort(18_081)];
  const configs = writeNginxConfigs(directory);
  const certificates = join(directory, "certificates");
  makeCertificates(certificates);
  const nginx = runNginx(configs);
  const agent = new FakeAgent(join(directory, "agent.sock"));
  agent.first = containers();
  const config = parseConfig(
    JSON.stringify({
      agents: [{ socket: join(directory, "agent.sock") }],
      proxy: "host",
      statusSocket: join(directory, "status.sock"),
      statusPage: { directory: join(directory, "conf.d", "status"), listen: port, allow: ["127.0.0.1"] },
      targets: [
        {
          template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
          destination: join(directory, "conf.d", "default.conf"),
          listen: plain,
          https: { listen: tls, port: tls, certificates },
          wait: "10ms:100ms",
          check: { command: [...nginxCommand(directory, configs.candidate), "-t", "-q"] },
          reload: { exec: { command: [...nginxCommand(directory, configs.live), "-s", "reload"] } },
        },
      ],
    }),
    "test.yml",
  );
  if ("problems" in config) throw new Error(config.problems.join("\n"));
  const running = run(config, stop.signal, () => undefined);
  const close = async (): Promise<void> => {
    stop.abort();
    await agent.close();
    await running;
    await nginx.stop();
    await removeDirectory(directory);
  };
  return { port, agent, close };
}

function makeCertificates(directory: string): void {
  mkdirSync(directory);
  makeCertificate(directory, "shop.example", ["shop.example", "www.shop.example"], 82);
  makeCertificate(directory, "blog.example", ["blog.example"], 9);
  makeCertificate(directory, "lost.example", ["lost.example"]);
  copyFileSync(join(directory, "blog.example.key"), join(directory, "lost.example.key"));
}

/** Sixteen at most: the digit is the container's id. */
export function containers(): Container[] {
  const shop = { VIRTUAL_HOST: "shop.example" };
  return [
    ...["1", "2", "3"].map((digit) => app(digit, `shop-web-${digit}`, shop)),
    app("4", "shop-api-1", { ...shop, VIRTUAL_PATH: "/api" }),
    app("5", "blog-1", { VIRTUAL_HOST: "blog.example" }, { health: "none" }),
    app("6", "docs-1", { VIRTUAL_HOST: "docs.example" }),
    app("7", "wiki-1", { VIRTUAL_HOST: "wiki.example" }, { health: "unhealthy" }),
    ...["8", "9", "a", "b", "c"].map((digit) => app(digit, `media-${digit}`, { VIRTUAL_HOST: "*.media.example" })),
    app("d", "shop-db-1", {}, { ports: [{ port: 5432, proto: "tcp" }] }),
    app("e", "report-1", { VIRTUAL_HOST: 'reports.example"; return 200 "<b>hello</b>' }),
    app(
      "f",
      "metrics-1",
      { VIRTUAL_HOST: "metrics.example" },
      { ports: [80, 9090].map((port) => ({ port, proto: "tcp" })) },
    ),
  ];
}

function app(digit: string, name: string, env: Record<string, string>, changes: Partial<Container> = {}): Container {
  const number = Number.parseInt(digit, 16);
  return container(digit, {
    name,
    env,
    health: "healthy",
    createdAt: MORNING,
    startedAt: MORNING + number * HOUR_MS,
    networks: [{ name: "front", ipv4: `172.18.0.${number + 2}` }],
    ports: [{ port: 8000, proto: "tcp" }],
    ...changes,
  });
}
