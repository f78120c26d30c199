import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse as parseYaml } from "yaml";
import * as z from "zod";
import { TemplateFiles } from "../../../renderer/targets/template-files.ts";
import { PublishGroup } from "../../../renderer/targets/publish-group.ts";
import { TemplateTarget } from "../../../renderer/targets/template-target.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { TemplateTargetConfig } from "../../../renderer/config/template-target.ts";
import { container } from "../fake-agent.ts";
import { removeDirectory } from "../../remove-directory.ts";
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
    env: { PATH: `${process.env["PATH"]}:/usr/sbin`, HOME: directory },
  });
  assert.equal(error, undefined);
  return status === 0 ? undefined : `${stdout}${stderr}`;
}

const FileSd = z.array(
  z.strictObject({
    targets: z.array(z.string().regex(/^(?:[0-9.]+|\[[0-9a-f:]+\]):[0-9]+$/)).length(1),
    labels: z.record(z.string(), z.string()),
  }),
);

/** Each template with a mark of a container in its output, and a check of its program. */
const gallery: readonly [
  template: string,
  format: string,
  marks: (name: string) => string,
  complaint: (file: string, text: string) => string | undefined,
][] = [
  ["haproxy.cfg", "haproxy", (name) => `-i -- ${name}.example }`, (file) => program("haproxy", "-c", "-q", "-f", file)],
  [
    "Caddyfile",
    "caddyfile",
    (name) => `${name}.example {`,
    (file) => program("caddy", "adapt", "--adapter", "caddyfile", "--config", file),
  ],
  [
    "traefik.yml",
    "yaml",
    (name) => `Host(\`${name}.example\`)`,
    (_file, text) => {
      const { http } = parseYaml(text) as { http: { routers: Record<string, { rule: string }> } };
      const rules = Object.values(http.routers).map(({ rule }) => rule);
      return rules.find(
        (rule) => !/^Host\(`[A-Za-z0-9.-]+`\)( && HeaderRegexp\(`Upgrade`, `\(\?i\)\^websocket\$`\))?$/.test(rule),
      );
    },
  ],
  [
    "dnsmasq.hosts",
    "hosts",
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
    (name) => `"container": "${name}"`,
    (_file, text) => FileSd.safeParse(JSON.parse(text)).error?.message,
  ],
  [
    "logrotate.conf",
    "shell",
    (name) => `# ${name}\n`,
    (file) => program("logrotate", "-d", "-s", `${file}.state`, file),
  ],
  [
    "fluent-bit.yml",
    "yaml",
    (name) => `"docker.${name}"`,
    (_file, text) => {
      const { pipeline } = parseYaml(text) as { pipeline: { inputs: { path: string }[] } };
      return pipeline.inputs.find(
        ({ path }) => !/^\/var\/lib\/docker\/containers\/[0-9a-f]{64}\/[0-9a-f]{64}-json\.log$/.test(path),
      )?.path;
    },
  ],
];

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

for (const [template, format, mark, complaint] of gallery) {
  for (const [title, containers] of [
    ["no container", []],
    ["good containers", LISTED.slice(0, 2)],
    ["good containers with IPv6 alone", SIX],
    ["hostile ones too", LISTED],
  ] as const) {
    test(`gallery: ${template} of ${title} is accepted by its program and contains every good container`, async () => {
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
      const why = title === "no container" && template === "traefik.yml" ? undefined : await check(text);
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
    });
  }
}
