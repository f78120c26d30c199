import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NginxTargetConfig } from "../../../renderer/config/nginx-target.ts";
import { FLAGS } from "../../../renderer/import/docker-gen/flags.ts";
import { KEYS } from "../../../renderer/import/docker-gen/toml.ts";
import { type Accepted, differencesIn, fromToml, fromArguments, skippedIn } from "./imported.ts";
import { nginxTargetOf } from "../config/target-of.ts";

/** Keys of the target that an option becomes, and the notes. */
interface Row {
  readonly target?: Partial<NginxTargetConfig>;
  readonly proxy?: object | "host";
  readonly differs?: RegExp;
  readonly skipped?: RegExp;
}

const CHANNEL = { channel: "/run/sallyport/reload" };
const exec = (...command: string[]) => ({ exec: { command, timeout: 10_000, logOutput: false } });
const execLogged = (...command: string[]) => ({ exec: { command, timeout: 10_000, logOutput: true } });
const where = (...predicates: object[]) => ({
  containers: { onlyPublished: false, where: predicates } as NginxTargetConfig["containers"],
});

/** Flags before the template. */
const flags: readonly [args: string[], row: Row][] = [
  [["-version"], {}],
  [["-endpoint", "unix:///run/docker.sock"], { differs: /--docker-socket \/run\/docker\.sock/ }],
  [["-endpoint", "tcp://10.0.0.1:2375"], { skipped: /only a Unix socket/ }],
  [["-tlscert", "c.pem"], { skipped: /TLS/ }],
  [["-tlskey", "k.pem"], { skipped: /TLS/ }],
  [["-tlscacert", "ca.pem"], { skipped: /TLS/ }],
  [["-tlsverify"], { skipped: /TLS/ }],
  [["-tlsverify=false"], {}],
  [["-event-filter", "label=x"], { differs: /event filter "label=x"/ }],
  [["-event-filter", "connect"], { skipped: /-event-filter "connect" has no "="/ }],
  [["-watch"], { differs: /every event/ }],
  [["-watch=false"], { differs: /once and exits/ }],
  [["-watch", "-wait", "100ms:500ms"], { target: { wait: { minMs: 100, maxMs: 500 } } }],
  [["-watch", "-wait", "1m30s"], { target: { wait: { minMs: 90_000, maxMs: 360_000 } } }],
  [["-watch", "-wait", "0:5s"], { target: { wait: { minMs: 0, maxMs: 0 } } }],
  [["-watch", "-wait", "1s:2s:3s"], { target: { wait: { minMs: 1_000, maxMs: 2_000 } } }],
  [["-watch", "-wait", "1m:1s"], { skipped: /"1m:1s" is not min:max/ }],
  [["-watch", "-wait", "500x"], { skipped: /"500x" is not min:max/ }],
  [["-watch", "-wait", "-1s:1s"], { skipped: /"-1s:1s" is not min:max/ }],
  [["-wait", "1s"], { differs: /waits only with -watch/ }],
  [["-interval", "60"], { target: { interval: 60_000 }, differs: /also follows events/ }],
  [
    ["-interval", "60", "-notify", "x"],
    { target: { interval: 60_000, reloadEvery: 60_000 }, differs: /also follows events/ },
  ],
  [["-interval", "100000"], { target: { interval: 86_400_000 }, differs: /longest interval is a day/ }],
  [["-interval", "-1"], { skipped: /crashes/ }],
  [["-interval", "often"], { skipped: /-interval=often" is not a decimal number/ }],
  [["-keep-blank-lines"], { target: { keepBlankLines: true } }],
  [["-only-exposed"], { target: { onlyExposed: true }, differs: /label sallyport\.proxy=true/ }],
  [["-only-exposed=false"], { target: { onlyExposed: false } }],
  [["-only-published"], { target: { containers: { onlyPublished: true, where: [] } } }],
  [["-include-stopped"], { skipped: /they have no route/ }],
  [["-container-filter", "label=a=b"], { target: where({ label: ["a=b"] }), differs: /policy/ }],
  [["-container-filter", "name=shop"], { target: where({ name: ["*shop*"] }) }],
  [["-container-filter", "name=^/shop$"], { target: where({ name: ["shop"] }) }],
  [["-container-filter", "name=a|b"], { skipped: /regular expressions/ }],
  [["-container-filter", "id=abcdef012345"], { target: where({ id: ["abcdef012345"] }) }],
  [["-container-filter", "id=abc"], { skipped: /12 digits/ }],
  [["-container-filter", "network=front"], { target: where({ network: ["front"] }) }],
  [["-container-filter", "health=healthy"], { target: where({ health: ["healthy"] }) }],
  [["-container-filter", "health=fine"], { skipped: /"fine" is not a health/ }],
  [["-container-filter", "status=running"], { target: where({ state: ["running"] }) }],
  [
    ["-container-filter", "ancestor=app:2"],
    { target: where({ image: ["app:2"] }), differs: /policy must disclose the field `image`/ },
  ],
  [["-container-filter", "ancestor=app"], { target: where({ image: ["app", "app:latest"] }) }],
  [["-container-filter", "expose=1-65535"], { target: { onlyExposed: true } }],
  [["-container-filter", "publish=1-65535/tcp"], { target: { containers: { onlyPublished: true, where: [] } } }],
  [["-container-filter", "expose=80"], { target: where({ exposes: ["80"] }) }],
  [["-container-filter", "expose=53/udp"], { target: where({ exposes: ["53/udp"] }) }],
  [["-container-filter", "publish=8000-8100/tcp"], { target: where({ publishes: ["8000-8100/tcp"] }) }],
  [["-container-filter", "publish=http"], { skipped: /"http" is not a port/ }],
  [["-container-filter", "exposed=1-65535"], { skipped: /only expose and publish/ }],
  [["-container-filter", "volume=data"], { skipped: /volume="data": has no equivalent/ }],
  [["-container-filter", "label"], { skipped: /"label" has no "="/ }],
  [
    ["-notify", "nginx -s reload"],
    { target: { reload: exec("nginx", "-s", "reload") }, proxy: "host", differs: /without a shell/ },
  ],
  [["-notify", "a && b"], { target: { reload: exec("/bin/sh", "-c", "a && b") }, differs: /by a shell/ }],
  [["-notify", "docker kill -s HUP nginx"], { target: { reload: CHANNEL }, skipped: /needs Docker/ }],
  [["-notify", "x", "-notify-output"], { target: { reload: execLogged("x") } }],
  [
    ["-notify-sighup", "nginx"],
    { target: { reload: CHANNEL }, proxy: { container: "nginx" }, differs: /choose-a-reload-method\.md/ },
  ],
  [
    ["-notify-sighup", "nginx", "-notify", "x"],
    { target: { reload: [exec("x"), CHANNEL] }, proxy: { container: "nginx" } },
  ],
  [
    ["-notify-sighup", "a", "-notify-sighup", "nginx-1"],
    {
      target: { reload: [CHANNEL, { signal: { process: "a", signal: "SIGHUP" } }] },
      proxy: { container: "nginx-1" },
      differs: /process name "a" is a guess/,
    },
  ],
  [["-notify-sighup", "abcdef012345"], { target: { reload: CHANNEL }, skipped: /is an ID/ }],
  [["-notify-container", "nginx"], { target: { reload: CHANNEL }, proxy: { container: "nginx" } }],
  [["-notify-filter", "label=web"], { target: { reload: CHANNEL }, proxy: { label: "web" } }],
  [["-notify-filter", "name=web"], { target: { reload: CHANNEL }, skipped: /notify filter name="web"/ }],
  [["-notify-container", "n", "-notify-signal", "10"], { skipped: /signal 10 is not sent/ }],
  [["-notify-container", "n", "-notify-signal=-1"], { differs: /restarts the container/ }],
  [["-notify-container", "n", "-notify-signal", "0"], { differs: /kills the container/ }],
  [["-watc"], { skipped: /"-watc" is unknown \(did you mean -watch\?\)/ }],
];

describe("each flag of docker-gen", () => {
  for (const [args, row] of flags) {
    test(args.join(" "), () => check(fromArguments("docker-gen", ...args, "nginx.tmpl", "out.conf"), row));
    test(`${args.join(" ")}, with two dashes`, () => {
      const doubled = args.map((arg) => arg.replace(/^-(?=[a-z])/, "--"));
      assert.deepEqual(
        fromArguments(...doubled, "nginx.tmpl", "out.conf").config,
        fromArguments(...args, "nginx.tmpl", "out.conf").config,
      );
    });
  }

  test("has a row for each", () => {
    const tried = flags.flatMap(([args]) => args).map((arg) => arg.replace(/^-/, "").replace(/=.*/, ""));
    const known = Object.keys(FLAGS).filter((flag) => flag !== "config");
    assert.deepEqual(
      known.filter((flag) => !tried.includes(flag)),
      [],
    );
  });
});

/** Lines of a `[[config]]` with template and dest. */
const keys: readonly [line: string, row: Row][] = [
  ['template = "/t/nginx.tmpl"', { target: { template: "/etc/sallyport/templates/nginx.conf.hbs" } }],
  ['dest = "/o/x.conf"', { target: { destination: "/o/x.conf" } }],
  ["watch = true", { differs: /every event/ }],
  ['watch = true\nwait = "1s"', { target: { wait: { minMs: 1_000, maxMs: 4_000 } } }],
  ["interval = 10", { target: { interval: 10_000 }, differs: /also follows events/ }],
  ["keepblanklines = true", { target: { keepBlankLines: true } }],
  ["onlyexposed = true", { target: { onlyExposed: true }, differs: /ignores onlyexposed in files since/ }],
  ["onlypublished = true", { target: { containers: { onlyPublished: true, where: [] } }, differs: /ignores onlypub/ }],
  ["includestopped = true", { skipped: /stopped/, differs: /ignores includestopped/ }],
  ['notifycmd = "nginx -s reload"', { target: { reload: exec("nginx", "-s", "reload") } }],
  ['notifycmd = "x"\nnotifyoutput = true', { target: { reload: execLogged("x") } }],
  ["[config.NotifyContainers]\nnginx = 1", { target: { reload: CHANNEL }, proxy: { container: "nginx" } }],
  ["[config.NotifyContainers]\nnginx = 0", { differs: /kills the container/ }],
  ['[config.NotifyContainersFilter]\nlabel = ["web"]', { proxy: { label: "web" }, differs: /kills the container/ }],
  [
    'NotifyContainersSignal = 1\n[config.NotifyContainersFilter]\nlabel = ["web"]',
    { target: { reload: CHANNEL }, proxy: { label: "web" } },
  ],
  ['[config.ContainerFilter]\nname = ["a", "b"]', { target: where({ name: ["*a*", "*b*"] }) }],
  ['[config.ContainerFilter]\nlabel = ["a", "b"]', { target: where({ label: ["a"] }, { label: ["b"] }) }],
  ["ONLYEXPOSED = true\nWaTcH = true", { target: { onlyExposed: true } }],
  ['notifycommand = "x"', { skipped: /unknown key "notifycommand" \(did you mean notifycmd\?\)/ }],
  ['watch = "yes"', { skipped: /watch cannot be "yes"/ }],
];

describe("each key of a configuration file", () => {
  for (const [lines, row] of keys) {
    test(lines.replaceAll("\n", " "), () => {
      const own = lines.toLowerCase();
      const template = own.startsWith("template") ? "" : 'template = "nginx.tmpl"\n';
      const dest = own.startsWith("dest") ? "" : 'dest = "out.conf"\n';
      check(fromToml(`[[config]]\n${template}${dest}${lines}\n`), row);
    });
  }

  test("has a row for each", () => {
    const text = keys.map(([lines]) => lines.toLowerCase()).join("\n");
    const missing = KEYS.filter((key) => !new RegExp(`(^|\\.|\\n)${key}\\b`).test(text));
    assert.deepEqual(missing, []);
  });
});

function check(imported: Accepted, row: Row): void {
  const target = nginxTargetOf(imported.config);
  for (const [key, value] of Object.entries(row.target ?? {})) {
    assert.deepEqual(target[key as keyof NginxTargetConfig], value, `${key}\n${imported.yaml}`);
  }
  if (row.proxy) assert.deepEqual(imported.config.proxy, row.proxy);
  if (row.differs) assert.match(differencesIn(imported), row.differs);
  if (row.skipped) assert.match(skippedIn(imported), row.skipped);
  else assert.equal(skippedIn(imported), "");
}
