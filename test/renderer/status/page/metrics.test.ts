import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Metrics } from "../../../../renderer/status/metrics/metrics.ts";
import { openMetrics } from "../../../../renderer/status/metrics/open-metrics.ts";
import { BackgroundProcess } from "../../../demo/background-process.ts";
import { freePort } from "../../../demo/free-port.ts";
import { eventually } from "../../../eventually.ts";
import { removeDirectory } from "../../../remove-directory.ts";
import { requires } from "../../../requires.ts";
import { EMPTY_REPORT, exampleReport, MORNING } from "../example-report.ts";
import { type ExampleSite, startExampleSite } from "./example-site.ts";

const ALERTS = "docs/examples/prometheus-alerts.yml";
const DASHBOARD = "docs/examples/grafana-dashboard.json";

/** Names of the metrics in an expression of PromQL. */
const namesIn = (text: string): string[] => [...new Set(text.match(/\bsallyport_\w+/g))];

/** OpenMetrics as Prometheus's older text format, which promtool reads: a counter has `_total` in its metadata, too. */
function plainText(text: string): string {
  const counters = [...text.matchAll(/^# TYPE (\w+) counter$/gm)].map(([, name]) => name!);
  return counters.reduce(
    (all, name) => all.replace(new RegExp(`^(# (?:HELP|TYPE) ${name}) `, "gm"), "$1_total "),
    text,
  );
}

describe(
  "Prometheus scrapes the metrics at the status port",
  { skip: requires("nginx", "openssl", "prometheus", "promtool") },
  () => {
    let site: ExampleSite;
    let prometheus: BackgroundProcess;
    let directory: string;
    let port: number;
    before(async () => {
      site = await startExampleSite();
      directory = mkdtempSync(join(tmpdir(), "sallyport-prometheus-"));
      port = await freePort();
      writeFileSync(
        join(directory, "prometheus.yml"),
        JSON.stringify({
          global: { scrape_interval: "200ms", evaluation_interval: "200ms" },
          rule_files: [join(process.cwd(), ALERTS)],
          scrape_configs: [{ job_name: "sallyport", static_configs: [{ targets: [`127.0.0.1:${site.port}`] }] }],
        }),
      );
      prometheus = new BackgroundProcess("prometheus", "prometheus", [
        `--config.file=${join(directory, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(directory, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]);
      await eventually("a scrape has succeeded", async () => (await query("up"))[0]?.value === "1");
    });
    after(async () => {
      await prometheus.stop();
      await site.close();
      await removeDirectory(directory);
    });

    async function query(expression: string): Promise<{ metric: Record<string, string>; value: string }[]> {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { data } = (await response.json()) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      return data.result.map(({ metric, value }) => ({ metric, value: value[1] }));
    }

    test("hosts, agents, publications and certificates are stored", async () => {
      await eventually("the hosts of the site are counted", async () => {
        const [hosts] = await query('sallyport_virtual_hosts{available="all"}');
        return Number(hosts?.value) > 0;
      });
      for (const expression of [
        "sallyport_agent_connected == 1",
        'sallyport_publications_total{outcome="succeeded"} > 0',
        'sallyport_certificate_expiry_timestamp_seconds{certificate="shop.example"} > time()',
        "histogram_quantile(1, sallyport_change_to_live_seconds_bucket) > 0",
      ])
        await eventually(expression, async () => (await query(expression)).length > 0);
    });

    test("a certificate that cannot be obtained has its state and last error in the metrics and on the page", async () => {
      const error = 'dns: no such "host"';
      await eventually("the metric has both", async () => {
        const found = await query('sallyport_requested_certificate{certificate="docs.example"}');
        return found.some(({ metric }) => metric["state"] === "failed" && metric["error"] === error);
      });
      const page = await (await fetch(`http://127.0.0.1:${site.port}/`)).text();
      assert.match(page, /docs\.example[^]*failed[^]*dns: no such &quot;host&quot;/);
    });

    test("nginx adds its numbers of connections", async () => {
      const connections = await query("sallyport_nginx_connections");
      assert.deepEqual(connections.map(({ metric }) => metric["state"] ?? "").toSorted(), [
        "active",
        "reading",
        "waiting",
        "writing",
      ]);
      assert.ok(connections.every(({ metric, value }) => metric["state"] !== "active" || Number(value) >= 1));
    });

    test("every metric of the example alerts and dashboard exists", async () => {
      for (const name of namesIn(readFileSync(ALERTS, "utf8") + readFileSync(DASHBOARD, "utf8"))) {
        assert.notDeepEqual(await query(name), [], name);
      }
    });

    test("the example alerts are valid, and one fires for a certificate that expires soon", async () => {
      await eventually("the alert fires", async () => {
        const alerts = await query('ALERTS{alertname="SallyportCertificateExpires", alertstate="firing"}');
        return alerts.some(({ metric }) => metric["certificate"] === "blog.example");
      });
      assert.deepEqual(await query('ALERTS{alertname="SallyportRendererDown"}'), []);
    });

    test("promtool accepts the example's alert rules", () => {
      const { status, stderr } = spawnSync("promtool", ["check", "rules", "docs/examples/prometheus-alerts.yml"], {
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
    });

    test("promtool accepts the metrics, also those of a renderer without agents, hosts and publications", async () => {
      const served = await (await fetch(`http://127.0.0.1:${site.port}/metrics`)).text();
      // As an nginx without the module serves it.
      const empty = new Metrics().print(EMPTY_REPORT, "1.0.0", MORNING).replaceAll(/<!--# if [^]*?endif -->/g, "");
      for (const text of [served, empty]) {
        const { status, stderr } = spawnSync("promtool", ["check", "metrics"], {
          input: plainText(text),
          encoding: "utf8",
        });
        assert.equal(status, 0, stderr);
      }
    });
  },
);

test("a label keeps any text of a name, and it never becomes another metric or a command for nginx", () => {
  const family = {
    name: "x",
    type: "gauge",
    help: "y",
    samples: [{ labels: { a: 'q"}\nx 2\\<!--# echo var="document_root" --><<!!--#' }, value: 1 }],
  } as const;
  assert.equal(
    openMetrics([family]),
    '# HELP x y\n# TYPE x gauge\nx{a="q\\"}\\nx 2\\\\< !--# echo var=\\"document_root\\" --><< !!--#"} 1\n# EOF\n',
  );
});

test("counts of an event start at 0, so that the first rejection is an increase", () => {
  const metrics = new Metrics();
  metrics.logged("publish.succeeded", { path: "/a.conf", durationMs: 30, changeToLiveMs: 700 });
  const text = metrics.print(exampleReport(), "1.0.0", MORNING);
  assert.match(text, /^sallyport_publications_total\{path="\/a.conf",outcome="rejected"\} 0$/m);
  assert.match(text, /^sallyport_reloads_rejected_total 0$/m);
  assert.match(text, /^sallyport_change_to_live_seconds_bucket\{le="0.5"\} 0\n.*\{le="1"\} 1$/m);
});

test("a reload that rejects a file is counted, whether the file or one of its units is to blame", () => {
  const metrics = new Metrics();
  metrics.logged("publish.rejected", { path: "/a.conf", by: "check", error: "no" });
  metrics.logged("publish.rejected", { path: "/a.conf", by: "reload", error: "no" });
  metrics.logged("container.quarantined", { code: "check.rejected" });
  metrics.logged("container.quarantined", { code: "reload.rejected" });
  assert.match(metrics.print(exampleReport(), "1.0.0", MORNING), /^sallyport_reloads_rejected_total 2$/m);
});
