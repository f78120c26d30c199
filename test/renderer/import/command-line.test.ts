import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseConfig } from "../../../renderer/config/load.ts";
import { parseGoInt, splitGoFlags } from "../../../renderer/import/docker-gen/go-flags.ts";
import { parseGoDuration } from "../../../renderer/import/docker-gen/go-wait.ts";
import { importCommandLine, importFiles } from "../../../renderer/import/docker-gen/import.ts";
import { OPTIONS, type OptionKind } from "../../../renderer/import/docker-gen/options.ts";
import { accepted, differing, fromToml, fromWords, leftOut } from "./imported.ts";
import { nginxTargetOf, templateTargetOf } from "../config/target-of.ts";

const KINDS = new Map<string, OptionKind>([
  ["yes", "bool"],
  ["text", "text"],
  ["count", "number"],
]);

describe("words are split as Go programs do", () => {
  const cases: readonly [words: string, flags: string, positionals: string, problems?: string][] = [
    ["-yes a", "yes=true", "a"],
    ["--yes a", "yes=true", "a"],
    ["-yes=false a", "yes=false", "a"],
    ["-yes false", "yes=true", "false"],
    ["-text a b", "text=a", "b"],
    ["-text=a=b c", "text=a=b", "c"],
    ["-text -yes c", "text=-yes", "c"],
    ["-text=", "text=", ""],
    ["-count 0x10", "count=0x10", ""],
    ["a -yes", "", "a -yes"],
    ["-- -yes", "", "-yes"],
    ["- -yes", "", "- -yes"],
    ["-yes -- a", "yes=true", "a"],
    ["-text", "", "", "-text has no value"],
    ["-yes=maybe a", "", "a", "-yes=maybe is no bool"],
    ["-count=1.5", "", "", "-count=1.5 is no number"],
    ["-other a", "", "a", "-other is not known to it"],
    ["-txt a b", "", "b", "-txt is not known to it (-text?)"],
    ["---yes", "", "", "---yes is not known to it (-yes?)"],
    ["-=x", "", "", "-=x is not known to it"],
  ];
  for (const [words, flags, positionals, problems = ""] of cases) {
    test(words, () => {
      const split = splitGoFlags(words.split(" "), KINDS);
      assert.equal(split.flags.map(({ name, value }) => `${name}=${value}`).join(" "), flags);
      assert.equal(split.positionals.join(" "), positionals);
      assert.equal(split.problems.map(({ flag, problem }) => `${flag} ${problem}`).join(" "), problems);
    });
  }
});

test("Go's whole numbers", () => {
  const read = ["10", "-1", "+5", "0", "010", "0o10", "0x1f", "0b11", "08", "", "1e3", "9".repeat(20)].map(parseGoInt);
  assert.deepEqual(read, [10, -1, 5, 0, 8, 8, 31, 3, undefined, undefined, undefined, undefined]);
});

test("Go's durations", () => {
  const read = ["100ms", "1.5s", "1m30s", ".5h", "500us", "0", "-1s", "5", "1d", ""].map(parseGoDuration);
  assert.deepEqual(read, [100, 1_500, 90_000, 1_800_000, 0.5, 0, -1_000, undefined, undefined, undefined]);
});

describe("what people write", () => {
  test("nginx in a container, told by its name", () => {
    const imported = fromWords(
      ..."docker-gen -only-exposed -watch -wait 5s:30s -notify-sighup nginx /t/nginx.tmpl /etc/nginx/default.conf".split(
        " ",
      ),
    );
    assert.equal(leftOut(imported), "");
    const target = nginxTargetOf(imported.config);
    assert.deepEqual(imported.config.proxy, { container: "nginx" });
    assert.deepEqual(target?.reload, { channel: "/run/sallyport/reload" });
    assert.deepEqual(target?.wait, { minMs: 5_000, maxMs: 30_000 });
    assert.equal(target?.onlyExposed, true);
    assert.equal(target?.destination, "/etc/nginx/default.conf");
  });

  test("nginx on the same machine, told by a command", () => {
    const imported = fromWords("-notify", "/etc/init.d/nginx reload", "-watch", "nginx.tmpl", "/etc/nginx/a.conf");
    assert.deepEqual(imported.config.targets[0]?.reload, {
      exec: { command: ["/etc/init.d/nginx", "reload"], timeout: 10_000, logOutput: false },
    });
    assert.equal(leftOut(imported), "");
  });

  test("a container found by its label, and events of networks", () => {
    const imported = fromWords(
      ..."-watch -wait 100ms:500ms -event-filter event=connect -event-filter event=disconnect".split(" "),
      ..."-notify-filter label=com.example.nginx -only-published nginx.tmpl a.conf".split(" "),
    );
    assert.equal(leftOut(imported), "");
    assert.deepEqual(imported.config.proxy, { label: "com.example.nginx" });
  });

  test("a template of one's own, printed once", () => {
    const imported = fromWords("docker-gen", "templates/logrotate.tmpl");
    assert.match(leftOut(imported), /Go template/);
    assert.match(differing(imported), /standard output, as `sallyport-renderer render` does/);
    assert.match(differing(imported), /once and end/);
    assert.equal(imported.config.targets[0]?.keepBlankLines, false);
    assert.equal(imported.config.targets[0]?.destination, "-");
    assert.equal(templateTargetOf(imported.config).format, "shell");
    assert.doesNotMatch(leftOut(fromWords("-watch", "a.tmpl")), /output/);
    assert.equal(imported.config.targets[0]?.template, "/srv/templates/logrotate.hbs");
  });

  test("a log shipper that is restarted when containers come and go", () => {
    const imported = fromWords("-watch", "-notify", "restart fluentd", "templates/fluentd.tmpl", "/etc/fluent.conf");
    assert.match(leftOut(imported), /Go template/);
    const reload = { exec: { command: ["restart", "fluentd"], timeout: 10_000, logOutput: false } };
    assert.deepEqual(imported.config.targets[0]?.reload, reload);
  });

  test("a script that registers services every ten seconds", () => {
    const imported = fromWords("-notify", "/bin/bash /tmp/x.sh", "-interval", "10", "etcd.tmpl", "/tmp/x.sh");
    assert.equal(imported.config.targets[0]?.interval, 10_000);
    assert.equal(imported.config.targets[0]?.reloadEvery, 10_000);
    assert.doesNotMatch(leftOut(imported), /interval|notify/);
  });

  test("two entries of one file", () => {
    const imported = fromToml(`
      [[config]]
      template = "/t/nginx.tmpl"
      dest = "/o/a.conf"
      onlyexposed = true
      watch = true
      notifycmd = "nginx -s reload"
      [[config]]
      template = "/t/fluentd.conf.tmpl"
      dest = "/o/fluentd.conf"
      watch = true
      wait = "500ms:2s"
      [config.NotifyContainers]
      fluentd = 1
      "nginx" = -1
    `);
    assert.deepEqual(
      imported.config.targets.map(({ destination }) => destination),
      ["/o/a.conf", "/o/fluentd.conf"],
    );
    assert.match(imported.yaml, /# From a\.toml, \[\[config\]\] 2\./);
    assert.match(leftOut(imported), /would restart the container "nginx"/);
    nginxTargetOf(imported.config);
    const any = templateTargetOf(imported.config, 1);
    assert.deepEqual([any.format, any.containers?.includeStopped], ["none", true]);
    assert.deepEqual(any.reload, { signal: { process: "fluentd", signal: "SIGHUP" } });
  });
});

test("variables before the command count as docker-gen's environment", () => {
  const words = ["DOCKER_HOST=tcp://10.0.0.1:1", "DOCKER_CERT_PATH=/c", "DOCKER_CONTAINER_FILTERS=label=a, name=b"];
  const imported = fromWords(...words, "FOO=1", "docker-gen", "-watch", "nginx.tmpl", "a.conf");
  assert.deepEqual(imported.config.targets[0]?.containers?.where, [{ label: ["a"] }, { name: ["*b*"] }]);
  assert.match(leftOut(imported), /tcp:\/\/10\.0\.0\.1/);
  assert.match(leftOut(imported), /TLS/);
  assert.match(leftOut(imported), /variable FOO/);
  const overruled = fromWords(...words, "-container-filter", "name=c", "nginx.tmpl", "a.conf");
  assert.deepEqual(overruled.config.targets[0]?.containers?.where, [{ name: ["*c*"] }]);
});

test("variables that have nothing to do here are said to", () => {
  const imported = fromWords("HOSTNAME=x", "HOME=/root", "HTTPS_PROXY=http://p", "docker-gen", "nginx.tmpl", "a.conf");
  assert.match(differing(imported), /HOSTNAME: .*\nHOME: .*\nHTTPS_PROXY: /);
  assert.equal(leftOut(imported), "");
});

test("beside files only what docker-gen heeds then counts, and what it ignores is said", () => {
  const words = ["-watch", "-endpoint", "fd://", "-config", "b.toml", "-config=a.toml", "-config", "b.toml", "x.tmpl"];
  const read: string[] = [];
  const imported = accepted(
    importCommandLine(words, "/srv", (file) => {
      read.push(file);
      return `[[config]]\ntemplate = "nginx.tmpl"\ndest = "${file}.conf"\n`;
    }),
  );
  assert.deepEqual(read, ["a.toml", "b.toml"]);
  assert.equal(imported.config.targets.length, 2);
  assert.match(differing(imported), /-watch: docker-gen ignores it beside -config/);
  assert.match(differing(imported), /"x\.tmpl": docker-gen ignores it beside -config/);
  assert.match(differing(imported), /lays one over the other/);
  assert.match(leftOut(imported), /fd:/);
});

test("two targets of one destination: the first is kept, the second is said to be left out", () => {
  const entry = '[[config]]\ntemplate = "nginx.tmpl"\ndest = "a.conf"\n';
  const imported = fromToml(entry + entry);
  assert.equal(imported.config.targets.length, 1);
  assert.match(leftOut(imported), /\[\[config\]\] 2: another target writes "\/srv\/a\.conf"/);
});

test("what is no configuration of docker-gen is refused, with the place", () => {
  const problems = (text: string): string => JSON.stringify(importFiles(["a.toml"], "/srv", () => text));
  assert.match(problems("[[config]]\ndest = \n"), /"failed".*a\.toml:2:/);
  assert.match(problems("watch = true"), /"failed".*reads only \[\[config\]\]/);
  assert.match(problems(""), /"failed".*has no \[\[config\]\]/);
  assert.match(JSON.stringify(importCommandLine(["-watch"], "/srv", () => "")), /"failed".*usage/);
  const missing = importFiles(["a.toml"], "/srv", (file) => ({ problem: `${file}: ENOENT` }));
  assert.deepEqual(missing, { kind: "failed", problems: ["a.toml: ENOENT"] });
});

test("whatever the command line, what is printed is a configuration of ours", () => {
  const value = fc.oneof(
    fc.constantFrom("label=a", "name=x", "status=running", "1s:2s", "1", "-1", "true", "# x", "a: b\n- c", "unix:///x"),
    fc.string(),
  );
  const flag = fc.tuple(fc.constantFrom(...OPTIONS.flatMap((option) => option.flag ?? [])), value);
  const words = fc
    .array(
      flag.filter(([name]) => name !== "config").map(([name, text]) => `-${name}=${text}`),
      { maxLength: 6 },
    )
    .chain((flags) => fc.tuple(value, value).map((names) => [...flags, "--", ...names]));
  fc.assert(
    fc.property(words, (given) => {
      const imported = importCommandLine(given, "/srv", () => "");
      assert.equal(imported.kind, "imported");
      const config = parseConfig(imported.kind === "imported" ? imported.yaml : "", "c.yml");
      assert.ok(!("problems" in config), JSON.stringify({ config, imported }, undefined, 1));
    }),
    { numRuns: 500 },
  );
});

test("whatever the file, it is imported or refused", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const imported = importFiles(["a.toml"], "/srv", () => text);
      assert.ok(imported.kind === "failed" || imported.kind === "imported");
    }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())), (entry) => {
      const lines = Object.entries(entry).map(([key, item]) => `${JSON.stringify(key)} = ${JSON.stringify(item)}`);
      const imported = importFiles(["a.toml"], "/srv", () => `[[config]]\n${lines.join("\n")}\n`);
      if (imported.kind === "imported") assert.ok(!("problems" in parseConfig(imported.yaml, "c.yml")));
    }),
  );
});
