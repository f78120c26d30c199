import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TemplateTargetConfig } from "../../../renderer/config/template-target.ts";
import { importCommandLine } from "../../../renderer/import/docker-gen/import.ts";
import { accepted, context, differencesIn, fromToml, fromArguments, skippedIn } from "./imported.ts";
import { templateTargetOf } from "../config/target-of.ts";

const RUNNING = { state: ["running"] };
const containers = (keys: object) => ({
  onlyExposed: false,
  onlyPublished: false,
  includeStopped: false,
  where: [RUNNING],
  ...keys,
});
const signal = (process: string, name: "SIGHUP" | "SIGUSR1" | "SIGUSR2" = "SIGHUP") => ({
  signal: { process, signal: name },
});

const run = (...command: string[]) => ({ exec: { command, timeout: 10_000, logOutput: false } });

/** Imports arguments before a template over containers that exists. */
function imported(args: string, file = "/o/file") {
  const template = "{{#each containers}}{{name}}{{/each}}";
  return accepted(
    importCommandLine(
      [...args.split(" ").filter(Boolean), "t.hbs", file],
      context(() => ({ text: template })),
    ),
  );
}

/** Keys that options become in a template target. */
const options: readonly [args: string, target: Partial<TemplateTargetConfig>, skipped?: RegExp][] = [
  ["", { containers: containers({}), format: "none", reload: "none" }],
  ["-only-exposed", { containers: containers({ onlyExposed: true }) }],
  ["-only-published", { containers: containers({ onlyPublished: true }) }],
  ["-include-stopped", { containers: containers({ includeStopped: true, where: [] }) }],
  [
    "-include-stopped -only-exposed",
    { containers: containers({ onlyExposed: true, includeStopped: true, where: [] }) },
  ],
  [
    "-container-filter label=a -container-filter network=n",
    { containers: containers({ where: [{ label: ["a"] }, { network: ["n"] }, RUNNING] }) },
  ],
  ["-container-filter status=paused", { containers: containers({ where: [{ state: ["paused"] }] }) }],
  [
    "-container-filter status=exited -container-filter status=running",
    {
      containers: containers({
        includeStopped: true,
        where: [{ state: ["exited", "running"] }],
      }),
    },
  ],
  ["-notify-sighup fluentd", { reload: signal("fluentd") }],
  ["-notify-container fluentd -notify-signal 10", { reload: signal("fluentd", "SIGUSR1") }],
  ["-notify-container fluentd -notify-signal 12", { reload: signal("fluentd", "SIGUSR2") }],
  ["-notify-container a-very-long-name-indeed", { reload: signal("a-very-long-nam") }],
  ["-notify-filter name=^/fluentd$ -notify-signal 1", { reload: signal("fluentd") }],
  ["-notify-filter label=logs", { reload: "none" }, /the process to reload is unknown/],
  ["-notify-container abcdef012345", { reload: "none" }, /the process to reload is unknown/],
  ["-notify-container fluentd -notify-signal -1", { reload: "none" }, /restarts the container/],
  ["-notify-container fluentd -notify-signal 0", { reload: "none" }, /kills the container/],
  ["-notify-container fluentd -notify-signal 15", { reload: "none" }, /signal 15 is not supported/],
  ["-notify-sighup a -notify-sighup b", { reload: [signal("a"), signal("b")] }],
  ["-notify-sighup a -notify true", { reload: [run("true"), signal("a")] }],
  ["-notify-sighup a -notify-container b -notify-signal -1", { reload: signal("a") }, /restarts the container "b"/],
  ["-interval 5 -notify-sighup a", { interval: 5_000, reloadEvery: 5_000 }],
  ["-keep-blank-lines", { keepBlankLines: true }],
];

describe("each option of docker-gen for a template target", () => {
  for (const [args, target, skipped] of options) {
    test(args === "" ? "none" : args, () => {
      const made = imported(args);
      for (const [key, value] of Object.entries(target)) {
        assert.deepEqual(
          templateTargetOf(made.config)[key as keyof TemplateTargetConfig],
          value,
          `${key}\n${made.yaml}`,
        );
      }
      if (skipped) assert.match(skippedIn(made), skipped);
      else assert.equal(skippedIn(made), "");
      assert.doesNotMatch(made.yaml, /proxy:/);
    });
  }
});

test("reloads nginx by the channel for a template target in nginx format, regardless of the container to signal", () => {
  for (const args of [
    "-notify-sighup nginx",
    "-notify-container abcdef012345",
    "-notify-filter name=web -notify-signal 1",
  ]) {
    const made = imported(`-watch ${args}`, "/etc/nginx/conf.d/site.conf");
    assert.deepEqual(made.config.targets[0]?.reload, { channel: "/run/sallyport/reload" });
    assert.equal(skippedIn(made), "");
    assert.match(differencesIn(made), /mount renderer\/nginx\/90-sallyport-reload\.sh/);
  }
});

test("skips a command that calls Docker", () => {
  const made = accepted(
    importCommandLine(
      ["-notify", "docker restart logger", "a.hbs", "b"],
      context(() => ({ text: "{{#each containers}}{{/each}}" })),
    ),
  );
  assert.match(skippedIn(made), /needs Docker, which the renderer cannot access/);
  assert.equal(made.config.targets[0]?.reload, "none");
});

describe("the format is guessed from the name of the destination, else of the template", () => {
  const cases: readonly [template: string, destination: string, format: string][] = [
    ["a.tmpl", "/etc/prometheus/targets.json", "json"],
    ["a.tmpl", "/etc/traefik/dynamic.yml", "yaml"],
    ["a.tmpl", "/etc/x.YAML", "yaml"],
    ["a.tmpl", "/etc/x.toml", "toml"],
    ["a.tmpl", "/tmp/register.sh", "shell"],
    ["a.tmpl", "/etc/haproxy/live.cfg", "haproxy"],
    ["a.tmpl", "/etc/caddy/Caddyfile", "caddyfile"],
    ["a.tmpl", "/etc/nginx/conf.d/site.conf", "nginx"],
    ["a.tmpl", "/etc/hosts", "hosts"],
    ["a.tmpl", "/etc/dnsmasq.d/docker.conf", "hosts"],
    ["a.tmpl", "/etc/logrotate.d/docker", "shell"],
    ["haproxy.cfg.tmpl", "/o/live", "haproxy"],
    ["x.json.tmpl", "", "json"],
    ["a.tmpl", "/etc/fluent/fluent.conf", "none"],
    ["a.tmpl", "/srv/nginxish/site.conf", "none"],
  ];
  for (const [template, destination, format] of cases) {
    test(`${template} ${destination}`, () => {
      const made = fromArguments(...[template, destination].filter(Boolean));
      assert.equal(templateTargetOf(made.config).format, format);
      assert.match(
        differencesIn(made),
        format === "none" ? /does not indicate a format/ : /^the format is guessed from /m,
      );
    });
  }
});

test("imports a;b as a list of templates", () => {
  assert.deepEqual(fromArguments("a.tmpl;b.tmpl", "/o/x").config.targets[0]?.template, ["/srv/a.hbs", "/srv/b.hbs"]);
  const routes = fromArguments("nginx.tmpl;b.tmpl", "/o/x");
  assert.match(skippedIn(routes), /template "b\.tmpl": an nginx target has one template/);
});

test("takes a file named nginx.tmpl for nginx-proxy's only if it uses VIRTUAL_HOST", () => {
  const made = (text: string) =>
    accepted(
      importCommandLine(
        ["-watch", "nginx.tmpl", "/o/x.conf"],
        context((file) => (file === "/srv/nginx.tmpl" ? { text } : { problem: `${file}: ENOENT` })),
      ),
    );
  const proxys = made('{{ range $host, $containers := groupByMulti $ "Env.VIRTUAL_HOST" "," }}');
  assert.equal(skippedIn(proxys), "");
  assert.match(differencesIn(proxys), /"nginx\.tmpl" is assumed to be nginx-proxy's/);
  const own = made("{{ range . }}{{ .Name }}{{ end }}");
  assert.match(skippedIn(own), /"nginx\.tmpl" is a Go template; rewrite it/);
  assert.equal(own.config.targets[0]?.template, "/srv/nginx.hbs");
});

test("uses a Handlebars template next to the Go template", () => {
  const read = (file: string) =>
    file === "/srv/a.hbs" ? { text: "{{#each containers}}{{name}}{{/each}}" } : { problem: "ENOENT" };
  const made = accepted(importCommandLine(["-watch", "a.tmpl", "/o/x.json"], context(read)));
  assert.equal(skippedIn(made), "");
  assert.match(differencesIn(made), /"a\.tmpl" is a Go template; the Handlebars template next to it replaces it/);
});

test("prints without a destination and reloads nothing", () => {
  const made = fromArguments("-notify", "x", "a.tmpl");
  assert.equal(made.config.targets[0]?.destination, "-");
  assert.match(skippedIn(made), /nothing is reloaded if the file is printed once/);
});

test("prints again at each interval, also without a change", () => {
  const [target] = fromArguments("-interval", "5", "a.tmpl").config.targets;
  assert.deepEqual([target?.destination, target?.reload, target?.reloadEvery], ["-", "none", 5_000]);
  assert.equal(fromArguments("-interval", "5", "a.tmpl", "/o/x").config.targets[0]?.reloadEvery, undefined);
});

test("includes stopped containers for a file, unless it filters by state", () => {
  const entry = '[[config]]\ntemplate = "a.tmpl"\ndest = "/o/x"\n';
  const all = fromToml(entry).config.targets[0]?.containers;
  assert.deepEqual(all, { onlyExposed: false, onlyPublished: false, includeStopped: true, where: [] });
  const running = fromToml(`${entry}[config.ContainerFilter]\nstatus = ["running"]\n`).config.targets[0]?.containers;
  assert.deepEqual(running, { onlyExposed: false, onlyPublished: false, includeStopped: false, where: [RUNNING] });
});
