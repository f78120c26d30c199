import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse as parseYaml } from "yaml";
import { TemplateFiles } from "../../../renderer/targets/template-files.ts";
import { PublishGroup } from "../../../renderer/targets/publish-group.ts";
import { TemplateTarget } from "../../../renderer/targets/template-target.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { Container } from "../../../shared/snapshot.ts";
import type { TemplateTargetConfig } from "../../../renderer/config/template-target.ts";
import { container } from "../fake-agent.ts";
import { programPath } from "../../demo/program-path.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";
import { renderWith, templateGroup } from "../targets/template-group.ts";
import { templateTargetOf } from "../config/target-of.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-gallery-"));
after(async () => await removeDirectory(directory));

/** Values that are special in some format; a label may contain all of them. */
const HOSTILE = [
  ...readFileSync("test/corpus/hosts/refused.txt", "utf8").split("\n"),
  ...(JSON.parse(readFileSync("test/corpus/values/hostile.json", "utf8")) as string[]),
].filter((value, index, all) => value !== "" && all.indexOf(value) === index);

const LABELS = ["haproxy.host", "caddy.host", "traefik.host", "prometheus.port", "logrotate.keep", "logs"];

function known(number: number, name: string, labels: Readonly<Record<string, string>>) {
  const id = number.toString(16).padStart(64, "0").split("").toReversed().join("");
  const networks = [{ name: "front", ipv4: `10.0.${number >> 8}.${(number & 255) + 1}` }];
  const one = container("a", { labels, networks, ports: [{ port: 80, proto: "tcp" }] });
  return { agent: "/a.sock", dockerHost: "docker1", container: { ...one, id, name } };
}

const GOOD = ["good-one", "good-two"];
const LISTED = [
  ...GOOD.map((name, index) => {
    const labels = {
      "prometheus.port": "9100",
      "logrotate.keep": "14",
      logs: "true",
      "com.docker.compose.service": "web",
      "com.docker.compose.project": "shop",
      "com.docker.compose.config-hash": "0",
    };
    const host = `${name}.example`;
    return known(index, name, { ...labels, "haproxy.host": host, "caddy.host": host, "traefik.host": host });
  }),
  ...HOSTILE.map((value, index) => {
    const labels = Object.fromEntries(LABELS.map((label) => [label, value]));
    return known(index + 2, `hostile${index}`, {
      ...labels,
      "com.docker.compose.service": value,
      "com.docker.compose.project": value,
      "com.docker.compose.config-hash": "0",
    });
  }),
];

/** The good containers with IPv6 only. */
const SIX = LISTED.slice(0, GOOD.length).map((one, index) => {
  const networks = [{ name: "front", ipv6: `fd00::${index + 1}` }];
  return { ...one, container: { ...one.container, networks } };
});

function program(command: string, ...args: readonly string[]): string | undefined {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    env: { PATH: programPath(), HOME: directory },
  });
  assert.equal(error, undefined);
  return status === 0 ? undefined : `${stdout}${stderr}`;
}

/** The reader of Traefik's file provider. */
const traefik = join(directory, "traefik");
before(() => {
  if (requires("go") === false)
    execFileSync("go", ["build", "-o", traefik, "."], { cwd: "test/renderer/gallery/traefik" });
});

/** Each template with its needs, a mark of a container in its output, and a check of its program. */
const gallery: readonly [
  template: string,
  format: string,
  needs: readonly string[],
  marks: (name: string) => string,
  complaint: (file: string, text: string) => string | undefined,
][] = [
  [
    "haproxy.cfg",
    "haproxy",
    ["haproxy"],
    (name) => `-i -- ${name}.example }`,
    (file) => program("haproxy", "-c", "-q", "-f", file),
  ],
  [
    "Caddyfile",
    "caddyfile",
    ["caddy"],
    (name) => `${name}.example {`,
    (file) => program("caddy", "adapt", "--adapter", "caddyfile", "--config", file),
  ],
  [
    "traefik.yml",
    "yaml",
    ["go"],
    (name) => `Host(\`${name}.example\`)`,
    (file, text) => {
      const { http } = (parseYaml(text) ?? {}) as { http?: { routers: Record<string, { rule: string }> } };
      const rules = Object.values(http?.routers ?? {}).map(({ rule }) => rule);
      const isRule = /^Host\(`[A-Za-z0-9.-]+`\)( && HeaderRegexp\(`Upgrade`, `\(\?i\)\^websocket\$`\))?$/;
      return rules.find((rule) => !isRule.test(rule)) ?? program(traefik, file);
    },
  ],
  [
    "dnsmasq.hosts",
    "hosts",
    ["dnsmasq"],
    (name) => ` ${name}.containers.internal web.shop.containers.internal`,
    (file, text) => {
      const lines = text.split("\n").filter((line) => line.trim() !== "");
      const odd = lines.find(
        (line) => isIP(line.split(" ")[0] ?? "") === 0 || !/^[0-9a-f.:]+( [\w.-]+){1,2}$/.test(line),
      );
      return odd ?? program("dnsmasq", "--test", "--conf-file=/dev/null", "--addn-hosts", file);
    },
  ],
  [
    "prometheus.json",
    "json",
    ["promtool"],
    (name) => `"container": "${name}"`,
    (file) => {
      const job = { job_name: "docker", file_sd_configs: [{ files: [file] }] };
      writeFileSync(`${file}.yml`, JSON.stringify({ scrape_configs: [job] }));
      return program("promtool", "check", "config", `${file}.yml`);
    },
  ],
  [
    "logrotate.conf",
    "shell",
    ["logrotate", "root"],
    (name) => `# ${name}\n`,
    (file) => {
      chownSync(file, 0, 0);
      const { output, status } = logrotate(file);
      return status === 0 && !output.includes("owner") ? undefined : output;
    },
  ],
  [
    "fluent-bit.yml",
    "yaml",
    [],
    (name) => `"docker.${name}"`,
    (_file, text) => {
      const { pipeline } = parseYaml(text) as { pipeline: { inputs: { path: string }[] } };
      return pipeline.inputs.find(
        ({ path }) => !/^\/var\/lib\/docker\/containers\/[0-9a-f]{64}\/[0-9a-f]{64}-json\.log$/.test(path),
      )?.path;
    },
  ],
];

/** Debug mode only reads: it rotates nothing. */
function logrotate(file: string): { output: string; status: number | null } {
  const args = ["-d", "-s", `${file}.state`, file];
  const { stdout, stderr, status } = spawnSync("logrotate", args, { encoding: "utf8", env: { PATH: programPath() } });
  return { output: `${stdout}${stderr}`, status };
}

function targetOf(template: string, format: string): TemplateTargetConfig {
  const target = {
    template: join(process.cwd(), "renderer/templates/gallery", `${template}.hbs`),
    destination: "/d",
    format,
    reload: "none",
  };
  const config = parseConfig(JSON.stringify({ agents: [{ socket: "/a" }], targets: [target] }), "test.yml");
  assert.ok(!("problems" in config), JSON.stringify(config));
  return templateTargetOf(config);
}

for (const [template, format, needs, mark, complaint] of gallery) {
  for (const [title, containers] of [
    ["no container", []],
    ["good containers", LISTED.slice(0, 2)],
    ["good containers with IPv6 alone", SIX],
    ["hostile ones too", LISTED],
  ] as const) {
    test(
      `gallery: ${template} of ${title} is accepted by its program and contains every good container`,
      { skip: requires(...needs) },
      async () => {
        const target = targetOf(template, format);
        const files = await TemplateFiles.load(target);
        assert.ok(!("problem" in files), JSON.stringify(files));
        mkdirSync(join(directory, template), { recursive: true });
        const file = join(directory, template, template);
        const check = async (text: Buffer): Promise<string | undefined> => {
          writeFileSync(file, text, { mode: 0o644 });
          return await Promise.resolve(complaint(file, text.toString()));
        };
        const group = new PublishGroup([new TemplateTarget(target, files, () => undefined)], { log: () => undefined });
        group.apply({ upserted: containers.slice(0, 2), gone: [] }, true);
        const first = await group.next();
        if (first?.kind === "revision") first.published();
        group.apply({ upserted: containers, gone: [] }, true);
        let revision = await group.next();
        assert.ok(revision?.kind === "revision");
        let text = revision.files[0]!.bytes;
        const why = await check(text);
        if (why !== undefined) {
          assert.equal(title, "hostile ones too", why);
          revision = await revision.reduce!("check", async ([one]) => await check(one!.bytes));
          assert.ok(revision?.kind === "revision", why);
          text = revision.files[0]!.bytes;
          assert.equal(await check(text), undefined);
        }
        for (const { container: one } of containers.slice(0, 2))
          assert.ok(text.includes(mark(one.name)), text.toString());
        for (const { container: name } of group.statuses[0]!.quarantined) assert.match(name, /^hostile/);
        await group.stop();
      },
    );
  }
}

const LOGROTATE = "renderer/templates/gallery/logrotate.conf.hbs";

test(
  "logrotate ignores the file of the renderer's user, and reads it after the documented copy",
  { skip: requires("logrotate", "root") },
  async () => {
    const made = await renderWith(templateGroup(readFileSync(LOGROTATE, "utf8"), "shell"), LISTED.slice(0, 2));
    const [file, copy] = [join(directory, "of-renderer.conf"), join(directory, "of-root.conf")];
    chmodSync(directory, 0o755);
    writeFileSync(file, made.text);
    chownSync(file, 65_533, 65_533);
    assert.match(logrotate(file).output, /Ignoring .* because the file owner is wrong/);
    execFileSync("install", ["-o", "root", "-g", "root", "-m", "0644", file, copy]);
    const { output } = logrotate(copy);
    for (const { container: one } of LISTED.slice(0, 2))
      assert.ok(output.includes(`/containers/${one.id}/*-json.log`), output);
  },
);

/** The templates for programs that send requests to containers, with the label that selects them. */
const PROXIES = [
  ["haproxy.cfg", "haproxy", "haproxy.host", (endpoint: string) => `server cccccccccccc ${endpoint} check\n`],
  ["Caddyfile", "caddyfile", "caddy.host", (endpoint: string) => `\treverse_proxy ${endpoint}\n`],
  ["traefik.yml", "yaml", "traefik.host", (endpoint: string) => `- url: "http://${endpoint}"\n`],
] as const;

const TCP = (...ports: readonly number[]) => ports.map((port) => ({ port, proto: "tcp" as const }));
const DNS = [{ port: 53, proto: "udp" as const }, ...TCP(53)];
const TWO_NETWORKS = [
  { name: "back", ipv4: "10.0.1.5" },
  { name: "front", ipv4: "10.0.2.5" },
];

describe("a container's endpoint", () => {
  for (const [title, more, labels, expected] of [
    ["is its only TCP port", { ports: [{ port: 53, proto: "udp" as const }, ...TCP(5000)] }, {}, "10.0.0.5:5000"],
    ["is port 80 of several", { ports: [...DNS, ...TCP(80)] }, {}, "10.0.0.5:80"],
    ["is the port of its label", { ports: [...DNS, ...TCP(80)] }, { "sallyport.port": "8080" }, "10.0.0.5:8080"],
    ["is the port of VIRTUAL_PORT", { env: { VIRTUAL_PORT: "8081" } }, {}, "10.0.0.5:8081"],
    ["is on the network of its label", { networks: TWO_NETWORKS }, { "sallyport.network": "front" }, "10.0.2.5:80"],
    ["is on its first network by name", { networks: TWO_NETWORKS.toReversed() }, {}, "10.0.1.5:80"],
    [
      "is never on Swarm's ingress network",
      { networks: [{ name: "ingress", ipv4: "10.0.9.5" }, ...TWO_NETWORKS.slice(1)] },
      {},
      "10.0.2.5:80",
    ],
    [
      "is kept while it starts, if its label allows it",
      { health: "starting" },
      { "sallyport.health": "started" },
      "10.0.0.5:80",
    ],
  ] as const) {
    for (const [template, format, label, line] of PROXIES) {
      test(`${title}: ${template}`, async () => {
        const { text, quarantined } = await rendered(template, format, withHost(label, more, labels));
        assert.deepEqual(quarantined, []);
        assert.ok(text.includes(line(expected)), text);
      });
    }
  }

  for (const [title, more, labels, reason] of [
    [
      "several TCP ports and none is 80",
      { ports: TCP(8080, 9090) },
      {},
      /endpoint: the container exposes the TCP ports 8080, 9090; set its label sallyport\.port$/,
    ],
    [
      "only UDP ports",
      { ports: [{ port: 53, proto: "udp" as const }] },
      {},
      /exposes no TCP port; set its label sallyport\.port$/,
    ],
    [
      "an invalid port",
      {},
      { "sallyport.port": "http" },
      /the label sallyport\.port is "http"; set it to a port number from 1 to 65535$/,
    ],
    [
      "a network that it is not on",
      {},
      { "sallyport.network": "else" },
      /no address \(its networks: front\); attach it to the network/,
    ],
  ] as const) {
    for (const [template, format, label] of PROXIES) {
      test(`quarantines a container with ${title}, with that reason: ${template}`, async () => {
        const { quarantined } = await rendered(
          template,
          format,
          withHost(label, more, labels),
          withHost(label, { name: "good", id: "d".repeat(64) }, { [label]: "good.example" }),
        );
        assert.deepEqual(
          quarantined.map(({ name }) => name),
          ["app"],
        );
        assert.match(quarantined[0]!.reason, reason);
      });
    }
  }
});

describe("a container that cannot serve", () => {
  for (const [title, more] of [
    ["is paused", { state: "paused" }],
    ["is restarting", { state: "restarting" }],
    ["is stopping", { stopping: true }],
    ["is starting", { health: "starting" }],
    ["is unhealthy", { health: "unhealthy" }],
  ] as const) {
    for (const [template, format, label] of PROXIES) {
      test(`keeps its host and gets no requests while it ${title}: ${template}`, async () => {
        const thief = withHost(label, { name: "thief", id: "e".repeat(64), createdAt: 9_000 }, {});
        const { text, quarantined } = await rendered(template, format, withHost(label, more, {}), thief);
        assert.deepEqual(
          quarantined.map(({ name }) => name),
          ["thief"],
        );
        assert.ok(text.includes("app.example") && !text.includes("10.0.0.5"), text);
        const [, , , , complaint] = gallery.find(([name]) => name === template)!;
        const file = join(directory, `not-serving.${template}`);
        writeFileSync(file, text);
        assert.equal(complaint(file, text), undefined);
      });
    }
  }

  test("is scraped while it is unhealthy, and not while it is paused", async () => {
    const labels = { "prometheus.port": "9100" };
    const [ill, paused] = [withHost("x", { health: "unhealthy" }, labels), withHost("x", { state: "paused" }, labels)];
    assert.match((await rendered("prometheus.json", "json", ill)).text, /"10\.0\.0\.5:9100"/);
    assert.deepEqual(JSON.parse((await rendered("prometheus.json", "json", paused)).text), []);
  });
});

test("`network` of a target names the network of the address, also in a template of the user", async () => {
  const template = join(directory, "own.hbs");
  writeFileSync(template, '{{#each containers}}{{name}} {{default "none" ip}}\n{{/each}}');
  const target = { ...targetOf("prometheus.json", "none"), template, network: "front" };
  const files = await TemplateFiles.load(target);
  assert.ok(!("problem" in files), JSON.stringify(files));
  const both = withHost("x", { networks: TWO_NETWORKS }, { "sallyport.network": "back" });
  const made = await files.print([both, withHost("x", { name: "other", networks: TWO_NETWORKS.slice(0, 1) }, {})]);
  assert.deepEqual(made, { kind: "text", text: "app 10.0.2.5\nother none\n" });
  await files.close();
});

function withHost(label: string, more: object, labels: Readonly<Record<string, string>>) {
  const network = { name: "front", ipv4: "10.0.0.5" };
  const all = { name: "app", networks: [network], ports: TCP(80), createdAt: 1_000, ...more };
  const one = container("c", { ...(all as Partial<Container>), labels: { [label]: "app.example", ...labels } });
  return { agent: "/a.sock", dockerHost: "one", container: one };
}

async function rendered(template: string, format: string, ...containers: readonly ReturnType<typeof withHost>[]) {
  const text = readFileSync(`renderer/templates/gallery/${template}.hbs`, "utf8");
  const group = templateGroup(text, format);
  try {
    return await renderWith(group, containers);
  } finally {
    await group.stop();
  }
}
