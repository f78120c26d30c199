import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../property.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { FLAGS, type Flags, splitArguments } from "../../../renderer/import/docker-gen/flags.ts";
import { importCommandLine, importFiles } from "../../../renderer/import/docker-gen/import.ts";
import { accepted, context, differencesIn, fromToml, fromArguments, skippedIn } from "./imported.ts";
import { nginxTargetOf, templateTargetOf } from "../config/target-of.ts";

const OWN: Flags = { yes: ["bool"], text: ["text"], count: ["number"] };

describe("arguments are split as by Go's flag package", () => {
  const cases: readonly [args: string, flags: string, positionals: string, problems?: string][] = [
    ["-yes a", "yes=true", "a"],
    ["--yes a", "yes=true", "a"],
    ["-yes=false a", "yes=false", "a"],
    ["-yes false", "yes=true", "false"],
    ["-text a b", "text=a", "b"],
    ["-text=a=b c", "text=a=b", "c"],
    ["-text -yes c", "text=-yes", "c"],
    ["-text=", "text=", ""],
    ["-count 10", "count=10", ""],
    ["-count=-1", "count=-1", ""],
    ["-yes=T -yes=FALSE", "yes=true,false", ""],
    ["a -yes", "", "a -yes"],
    ["-- -yes", "", "-yes"],
    ["- -yes", "", "- -yes"],
    ["-yes -- a", "yes=true", "a"],
    ["-text", "", "", '"-text" has no value'],
    ["-yes=maybe a", "", "a", '"-yes=maybe" is not a bool'],
    ["-yes=yes a", "", "a", '"-yes=yes" is not a bool'],
    ["-count=1.5", "", "", '"-count=1.5" is not a decimal number'],
    ["-count=0x10", "", "", '"-count=0x10" is not a decimal number'],
    ["-other a", "", "a", '"-other" is unknown'],
    ["-txt a b", "", "b", '"-txt" is unknown (did you mean -text?)'],
    ["---yes", "", "", '"---yes" is unknown (did you mean -yes?)'],
    ["-=x", "", "", '"-=x" is unknown'],
  ];
  for (const [args, flags, positionals, problems = ""] of cases) {
    test(args, () => {
      const split = splitArguments(args.split(" "), OWN);
      assert.equal([...split.values].map(([name, values]) => `${name}=${values.join(",")}`).join(" "), flags);
      assert.equal(split.positionals.join(" "), positionals);
      assert.equal(split.problems.join(" "), problems);
    });
  }
});

describe("common docker-gen setups", () => {
  test("nginx in a container that is signalled by name", () => {
    const imported = fromArguments(
      ..."docker-gen -only-exposed -watch -wait 5s:30s -notify-sighup nginx /t/nginx.tmpl /etc/nginx/default.conf".split(
        " ",
      ),
    );
    assert.equal(skippedIn(imported), "");
    const target = nginxTargetOf(imported.config);
    assert.deepEqual(imported.config.proxy, { container: "nginx" });
    assert.deepEqual(target?.reload, { channel: "/run/sallyport/reload" });
    assert.deepEqual(target?.wait, { minMs: 5_000, maxMs: 30_000 });
    assert.equal(target?.onlyExposed, true);
    assert.equal(target?.destination, "/etc/nginx/default.conf");
  });

  test("nginx on the host that is reloaded by a command", () => {
    const imported = fromArguments("-notify", "/etc/init.d/nginx reload", "-watch", "nginx.tmpl", "/etc/nginx/a.conf");
    assert.deepEqual(imported.config.targets[0]?.reload, {
      exec: { command: ["/etc/init.d/nginx", "reload"], timeout: 10_000, logOutput: false },
    });
    assert.equal(skippedIn(imported), "");
  });

  test("a container found by its label, with network events", () => {
    const imported = fromArguments(
      ..."-watch -wait 100ms:500ms -event-filter event=connect -event-filter event=disconnect".split(" "),
      ..."-notify-filter label=com.example.nginx -only-published nginx.tmpl a.conf".split(" "),
    );
    assert.equal(skippedIn(imported), "");
    assert.deepEqual(imported.config.proxy, { label: "com.example.nginx" });
  });

  test("a custom template, printed once", () => {
    const imported = fromArguments("docker-gen", "templates/logrotate.tmpl");
    assert.match(skippedIn(imported), /Go template/);
    assert.match(differencesIn(imported), /standard output, as `sallyport-renderer render` does/);
    assert.match(differencesIn(imported), /once and exits/);
    assert.equal(imported.config.targets[0]?.keepBlankLines, false);
    assert.equal(imported.config.targets[0]?.destination, "-");
    assert.equal(templateTargetOf(imported.config).format, "shell");
    assert.doesNotMatch(skippedIn(fromArguments("-watch", "a.tmpl")), /output/);
    assert.equal(imported.config.targets[0]?.template, "/srv/templates/logrotate.hbs");
  });

  test("a log shipper that is restarted when containers come and go", () => {
    const imported = fromArguments(
      "-watch",
      "-notify",
      "restart fluentd",
      "templates/fluentd.tmpl",
      "/etc/fluent.conf",
    );
    assert.match(skippedIn(imported), /Go template/);
    const reload = { exec: { command: ["restart", "fluentd"], timeout: 10_000, logOutput: false } };
    assert.deepEqual(imported.config.targets[0]?.reload, reload);
  });

  test("a script that registers services every ten seconds", () => {
    const imported = fromArguments("-notify", "/bin/bash /tmp/x.sh", "-interval", "10", "etcd.tmpl", "/tmp/x.sh");
    assert.equal(imported.config.targets[0]?.interval, 10_000);
    assert.equal(imported.config.targets[0]?.reloadEvery, 10_000);
    assert.doesNotMatch(skippedIn(imported), /interval|notify/);
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
    assert.match(skippedIn(imported), /restarts the container "nginx"/);
    nginxTargetOf(imported.config);
    const any = templateTargetOf(imported.config, 1);
    assert.deepEqual([any.format, any.containers?.includeStopped], ["none", true]);
    assert.deepEqual(any.reload, { signal: { process: "fluentd", signal: "SIGHUP" } });
  });
});

test("reads variables before the command as docker-gen's environment", () => {
  const args = ["DOCKER_HOST=tcp://10.0.0.1:1", "DOCKER_CERT_PATH=/c", "DOCKER_CONTAINER_FILTERS=label=a, name=b"];
  const imported = fromArguments(...args, "FOO=1", "docker-gen", "-watch", "nginx.tmpl", "a.conf");
  assert.deepEqual(imported.config.targets[0]?.containers?.where, [{ label: ["a"] }, { name: ["*b*"] }]);
  assert.match(skippedIn(imported), /tcp:\/\/10\.0\.0\.1/);
  assert.match(skippedIn(imported), /TLS/);
  assert.match(skippedIn(imported), /variable FOO/);
  const overruled = fromArguments(...args, "-container-filter", "name=c", "nginx.tmpl", "a.conf");
  assert.deepEqual(overruled.config.targets[0]?.containers?.where, [{ name: ["*c*"] }]);
});

test("ignores variables that have no effect", () => {
  const imported = fromArguments(
    ..."HOSTNAME=x HOME=/root HTTPS_PROXY=http://p docker-gen nginx.tmpl a.conf".split(" "),
  );
  assert.equal(skippedIn(imported), "");
});

test("ignores next to -config what docker-gen ignores", () => {
  const args = ["-watch", "-endpoint", "fd://", "-config", "b.toml", "-config=a.toml", "-config", "b.toml", "x.tmpl"];
  const read: string[] = [];
  const imported = accepted(
    importCommandLine(
      args,
      context((file) => {
        if (!file.endsWith(".toml")) return { problem: `${file}: ENOENT, cannot be read` };
        read.push(file);
        return { text: `[[config]]\ntemplate = "nginx.tmpl"\ndest = "${file}.conf"\n` };
      }),
    ),
  );
  assert.deepEqual(read, ["a.toml", "b.toml"]);
  assert.equal(imported.config.targets.length, 2);
  assert.match(differencesIn(imported), /merges several files/);
  assert.match(skippedIn(imported), /fd:/);
});

test("keeps the first of two targets with one destination and reports the second", () => {
  const entry = '[[config]]\ntemplate = "nginx.tmpl"\ndest = "a.conf"\n';
  const imported = fromToml(entry + entry);
  assert.equal(imported.config.targets.length, 1);
  assert.match(skippedIn(imported), /\[\[config\]\] 2: another target writes "\/srv\/a\.conf"/);
});

test("rejects what is not a docker-gen configuration, with its place", () => {
  const problems = (text: string): string =>
    JSON.stringify(
      importFiles(
        ["a.toml"],
        context(() => ({ text })),
      ),
    );
  assert.match(problems("[[config]]\ndest = \n"), /"failed".*a\.toml:2:/);
  assert.match(problems("watch = true"), /"failed".*reads only \[\[config\]\]/);
  assert.match(problems(""), /"failed".*has no \[\[config\]\]/);
  assert.match(
    JSON.stringify(
      importCommandLine(
        ["-watch"],
        context(() => ({ text: "" })),
      ),
    ),
    /"failed".*usage/,
  );
  const missing = importFiles(
    ["a.toml"],
    context((file) => ({ problem: `${file}: ENOENT` })),
  );
  assert.deepEqual(missing, { kind: "failed", problems: ["a.toml: ENOENT"] });
});

test("prints a valid configuration for any command line", () => {
  const value = fc.oneof(
    fc.constantFrom("label=a", "name=x", "status=running", "1s:2s", "1", "-1", "true", "# x", "a: b\n- c", "unix:///x"),
    fc.string(),
  );
  const flag = fc.tuple(fc.constantFrom(...Object.keys(FLAGS)), value);
  const args = fc
    .array(
      flag.filter(([name]) => name !== "config").map(([name, text]) => `-${name}=${text}`),
      { maxLength: 6 },
    )
    .chain((flags) => fc.tuple(value, value).map((names) => [...flags, "--", ...names]));
  fc.assert(
    fc.property(args, (given) => {
      const imported = importCommandLine(
        given,
        context(() => ({ text: "" })),
      );
      assert.equal(imported.kind, "imported");
      const config = parseConfig(imported.kind === "imported" ? imported.yaml : "", "c.yml");
      assert.ok(!("problems" in config), JSON.stringify({ config, imported }, undefined, 1));
    }),
    { numRuns: 500 },
  );
});

test("imports or rejects any file", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const imported = importFiles(
        ["a.toml"],
        context(() => ({ text })),
      );
      assert.ok(imported.kind === "failed" || imported.kind === "imported");
    }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())), (entry) => {
      const lines = Object.entries(entry).map(([key, item]) => `${JSON.stringify(key)} = ${JSON.stringify(item)}`);
      const imported = importFiles(
        ["a.toml"],
        context(() => ({ text: `[[config]]\n${lines.join("\n")}\n` })),
      );
      if (imported.kind === "imported") assert.ok(!("problems" in parseConfig(imported.yaml, "c.yml")));
    }),
  );
});
