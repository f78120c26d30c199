import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Progress, PROGRESS_FILE, printProgress } from "../../../../renderer/acme/progress.ts";
import type { Container } from "../../../../shared/snapshot.ts";
import { freePort } from "../../../demo/free-port.ts";
import { makeCertificate } from "../../nginx/certificate-files.ts";
import { NginxRig } from "../../nginx/rig.ts";
import { composeLabels } from "../../../shared/compose-labels.ts";
import { container, type FakeAgent } from "../../fake-agent.ts";

/** A morning in November, in milliseconds since the epoch. */
const MORNING = Date.UTC(2026, 10, 24, 6, 12, 40);
const HOUR_MS = 3_600_000;

/** What the ACME client reports. */
const PROGRESS: readonly Progress[] = [
  { file: "docs.example", names: ["docs.example"], state: "failed", failures: 2, error: 'dns: no such "host"' },
];

/** A running renderer, and a real nginx that serves its status page on 127.0.0.1 for 127.0.0.1 alone. */
export interface ExampleSite {
  readonly port: number;
  /** Directory of the files that nginx serves. */
  readonly directory: string;
  readonly agent: FakeAgent;
  readonly close: () => Promise<void>;
}

/** Starts a site with content for every section of the page. */
export async function startExampleSite(): Promise<ExampleSite> {
  const rig = new NginxRig();
  const port = await freePort();
  makeCertificates(rig.certificates);
  const statusPage = { directory: join(rig.directory, "conf.d", "status"), listen: port, allow: ["127.0.0.1"] };
  const listen = await freePort();
  const acme = { directory: join(rig.directory, "acme") };
  const https = { certificates: rig.certificates, listen, port: listen, acme };
  writeFileSync(join(rig.certificates, PROGRESS_FILE), printProgress(PROGRESS));
  await rig.start({ https }, containers(), { statusPage });
  return { port, directory: statusPage.directory, agent: rig.agent, close: async () => await rig.close() };
}

function makeCertificates(directory: string): void {
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
    app("6", "docs-1", { VIRTUAL_HOST: "docs.example", LETSENCRYPT_HOST: "docs.example" }),
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
    labels: composeLabels(name.replace(/-.*/, "")),
    networks: [{ name: "front", ipv4: `172.18.0.${number + 2}` }],
    ports: [{ port: 8000, proto: "tcp" }],
    ...changes,
  });
}
