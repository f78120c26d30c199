import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NginxTargetConfig } from "../../../renderer/config/nginx-target.ts";
import { OPTIONS } from "../../../renderer/import/docker-gen/options.ts";
import { type Accepted, differing, fromToml, fromWords, leftOut } from "./imported.ts";
import { nginxTargetOf } from "../config/target-of.ts";

/** What one option becomes: members of the target, and what is said. */
interface Row {
  readonly target?: Partial<NginxTargetConfig>;
  readonly proxy?: object | "host";
  readonly differs?: RegExp;
  readonly leftOut?: RegExp;
}

const CHANNEL = { channel: "/run/sallyport/reload" };
const exec = (...command: string[]) => ({ exec: { command, timeout: 10_000, logOutput: false } });
const heard = (...command: string[]) => ({ exec: { command, timeout: 10_000, logOutput: true } });
const where = (...predicates: object[]) => ({
  containers: { onlyPublished: false, where: predicates } as NginxTargetConfig["containers"],
});

/** Flags as they stand before the template. */
const flags: readonly [words: string[], row: Row][] = [
  [["-version"], { differs: /prints a version/ }],
  [["-endpoint", "unix:///run/docker.sock"], { differs: /--docker-socket \/run\/docker\.sock/ }],
  [["-endpoint", "tcp://10.0.0.1:2375"], { leftOut: /over a Unix socket/ }],
  [["-tlscert", "c.pem"], { leftOut: /TLS/ }],
  [["-tlskey", "k.pem"], { leftOut: /TLS/ }],
  [["-tlscacert", "ca.pem"], { leftOut: /TLS/ }],
  [["-tlsverify"], { leftOut: /TLS/ }],
  [["-tlsverify=false"], {}],
  [["-event-filter", "event=connect"], {}],
  [["-event-filter", "event=oom"], { leftOut: /event="oom".*fixed/ }],
  [["-event-filter", "label=x"], { differs: /label="x"/ }],
  [["-event-filter", "connect"], { leftOut: /-event-filter "connect" has no "="/ }],
  [["-watch"], { differs: /every event/ }],
  [["-watch=false"], { differs: /once and end/ }],
  [["-watch", "-wait", "100ms:500ms"], { target: { wait: { minMs: 100, maxMs: 500 } } }],
  [["-watch", "-wait", "1m30s"], { target: { wait: { minMs: 90_000, maxMs: 360_000 } } }],
  [["-watch", "-wait", "0:5s"], { target: { wait: { minMs: 0, maxMs: 0 } } }],
  [["-watch", "-wait", "1s:2s:3s"], { target: { wait: { minMs: 1_000, maxMs: 2_000 } }, differs: /two durations/ }],
  [["-watch", "-wait", "1m:1s"], { leftOut: /"1m:1s" is not min:max/ }],
  [["-watch", "-wait", "500x"], { leftOut: /"500x" is not min:max/ }],
  [["-watch", "-wait", "-1s:1s"], { leftOut: /out of bounds/ }],
  [["-wait", "1s"], { differs: /waits only when it watches/ }],
  [["-interval", "60"], { target: { interval: 60_000 }, differs: /events are followed, too/ }],
  [
    ["-interval", "60", "-notify", "x"],
    { target: { interval: 60_000, reloadEvery: 60_000 }, differs: /events are followed, too/ },
  ],
  [["-interval", "100000"], { target: { interval: 86_400_000 }, differs: /here it is a day/ }],
  [["-interval", "-1"], { leftOut: /crash/ }],
  [["-interval", "often"], { leftOut: /-interval=often" is no number/ }],
  [["-keep-blank-lines"], { target: { keepBlankLines: true } }],
  [["-only-exposed"], { target: { onlyExposed: true }, differs: /label sallyport\.proxy=true/ }],
  [["-only-exposed=false"], { target: { onlyExposed: false } }],
  [["-only-published"], { target: { containers: { onlyPublished: true, where: [] } } }],
  [["-include-stopped"], { leftOut: /stopped container has no route/ }],
  [["-container-filter", "label=a=b"], { target: where({ label: ["a=b"] }), differs: /policy/ }],
  [["-container-filter", "name=shop"], { target: where({ name: ["*shop*"] }) }],
  [["-container-filter", "name=^/shop$"], { target: where({ name: ["shop"] }) }],
  [["-container-filter", "name=a|b"], { leftOut: /regular expressions/ }],
  [["-container-filter", "id=abcdef012345"], { target: where({ id: ["abcdef012345"] }) }],
  [["-container-filter", "id=abc"], { leftOut: /12 digits/ }],
  [["-container-filter", "network=front"], { target: where({ network: ["front"] }) }],
  [["-container-filter", "health=healthy"], { target: where({ health: ["healthy"] }) }],
  [["-container-filter", "health=fine"], { leftOut: /"fine" is no health/ }],
  [["-container-filter", "status=running"], { target: where({ state: ["running"] }) }],
  [
    ["-container-filter", "ancestor=app:2"],
    { target: where({ image: ["app:2"] }), differs: /policy needs the field image/ },
  ],
  [["-container-filter", "ancestor=app"], { target: where({ image: ["app", "app:latest"] }) }],
  [["-container-filter", "expose=1-65535"], { target: { onlyExposed: true } }],
  [["-container-filter", "publish=1-65535/tcp"], { target: { containers: { onlyPublished: true, where: [] } } }],
  [["-container-filter", "expose=80"], { target: where({ exposes: ["80"] }) }],
  [["-container-filter", "expose=53/udp"], { target: where({ exposes: ["53/udp"] }) }],
  [["-container-filter", "publish=8000-8100/tcp"], { target: where({ publishes: ["8000-8100/tcp"] }) }],
  [["-container-filter", "publish=http"], { leftOut: /"http" is no port/ }],
  [["-container-filter", "exposed=1-65535"], { leftOut: /only expose and publish/ }],
  [["-container-filter", "volume=data"], { leftOut: /volume="data": has no equivalent/ }],
  [["-container-filter", "label"], { leftOut: /"label" has no "="/ }],
  [
    ["-notify", "nginx -s reload"],
    { target: { reload: exec("nginx", "-s", "reload") }, proxy: "host", differs: /without a shell/ },
  ],
  [["-notify", "a && b"], { target: { reload: exec("/bin/sh", "-c", "a && b") }, differs: /by a shell/ }],
  [["-notify", "docker kill -s HUP nginx"], { target: { reload: CHANNEL }, leftOut: /needs Docker/ }],
  [["-notify", "x", "-notify-output"], { target: { reload: heard("x") } }],
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
      differs: /called "a" is a guess/,
    },
  ],
  [["-notify-sighup", "abcdef012345"], { target: { reload: CHANNEL }, leftOut: /is an id/ }],
  [["-notify-container", "nginx"], { target: { reload: CHANNEL }, proxy: { container: "nginx" } }],
  [["-notify-filter", "label=web"], { target: { reload: CHANNEL }, proxy: { label: "web" } }],
  [["-notify-filter", "name=web"], { target: { reload: CHANNEL }, leftOut: /notify filter name="web"/ }],
  [["-notify-container", "n", "-notify-signal", "10"], { leftOut: /signal 10 is not sent/ }],
  [["-notify-container", "n", "-notify-signal=-1"], { differs: /would restart/ }],
  [["-notify-container", "n", "-notify-signal", "0"], { differs: /would kill the container/ }],
  [["-watc"], { leftOut: /"-watc" is not known to it \(-watch\?\)/ }],
];

describe("each flag of docker-gen", () => {
  for (const [words, row] of flags) {
    test(words.join(" "), () => check(fromWords("docker-gen", ...words, "nginx.tmpl", "out.conf"), row));
    test(`${words.join(" ")}, with two dashes`, () => {
      const doubled = words.map((word) => word.replace(/^-(?=[a-z])/, "--"));
      assert.deepEqual(
        fromWords(...doubled, "nginx.tmpl", "out.conf").config,
        fromWords(...words, "nginx.tmpl", "out.conf").config,
      );
    });
  }

  test("every one that there is has a row", () => {
    const tried = flags.flatMap(([words]) => words).map((word) => word.replace(/^-/, "").replace(/=.*/, ""));
    const known = OPTIONS.flatMap(({ flag }) => flag ?? []).filter((flag) => flag !== "config");
    assert.deepEqual(
      known.filter((flag) => !tried.includes(flag)),
      [],
    );
  });
});

/** Lines of a `[[config]]` beside template and dest. */
const keys: readonly [line: string, row: Row][] = [
  ['template = "/t/nginx.tmpl"', { target: { template: "/etc/sallyport/templates/nginx.conf.hbs" } }],
  ['dest = "/o/x.conf"', { target: { destination: "/o/x.conf" } }],
  ["watch = true", { differs: /every event/ }],
  ['watch = true\nwait = "1s"', { target: { wait: { minMs: 1_000, maxMs: 4_000 } } }],
  ["interval = 10", { target: { interval: 10_000 }, differs: /events are followed, too/ }],
  ["keepblanklines = true", { target: { keepBlankLines: true } }],
  ["onlyexposed = true", { target: { onlyExposed: true }, differs: /ignored onlyexposed in files since/ }],
  ["onlypublished = true", { target: { containers: { onlyPublished: true, where: [] } }, differs: /ignored onlypub/ }],
  ["includestopped = true", { leftOut: /stopped/, differs: /ignored includestopped/ }],
  ['notifycmd = "nginx -s reload"', { target: { reload: exec("nginx", "-s", "reload") } }],
  ['notifycmd = "x"\nnotifyoutput = true', { target: { reload: heard("x") } }],
  ["[config.NotifyContainers]\nnginx = 1", { target: { reload: CHANNEL }, proxy: { container: "nginx" } }],
  ["[config.NotifyContainers]\nnginx = 0", { differs: /would kill the container/ }],
  [
    '[config.NotifyContainersFilter]\nlabel = ["web"]',
    { proxy: { label: "web" }, differs: /would kill the container/ },
  ],
  [
    'NotifyContainersSignal = 1\n[config.NotifyContainersFilter]\nlabel = ["web"]',
    { target: { reload: CHANNEL }, proxy: { label: "web" } },
  ],
  ['[config.ContainerFilter]\nname = ["a", "b"]', { target: where({ name: ["*a*", "*b*"] }) }],
  ['[config.ContainerFilter]\nlabel = ["a", "b"]', { target: where({ label: ["a"] }, { label: ["b"] }) }],
  ["ONLYEXPOSED = true\nWaTcH = true", { target: { onlyExposed: true } }],
  ['notifycommand = "x"', { leftOut: /"notifycommand" is not a key it knows \(notifycmd\?\)/ }],
  ['watch = "yes"', { leftOut: /watch cannot be "yes"/ }],
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

  test("every one that there is has a row", () => {
    const text = keys.map(([lines]) => lines.toLowerCase()).join("\n");
    const missing = OPTIONS.flatMap(({ key }) => key ?? []).filter(
      (key) => !new RegExp(`(^|\\.|\\n)${key}\\b`).test(text),
    );
    assert.deepEqual(missing, []);
  });
});

function check(imported: Accepted, row: Row): void {
  const target = nginxTargetOf(imported.config);
  for (const [key, value] of Object.entries(row.target ?? {})) {
    assert.deepEqual(target[key as keyof NginxTargetConfig], value, `${key}\n${imported.yaml}`);
  }
  if (row.proxy) assert.deepEqual(imported.config.proxy, row.proxy);
  if (row.differs) assert.match(differing(imported), row.differs);
  if (row.leftOut) assert.match(leftOut(imported), row.leftOut);
  else assert.equal(leftOut(imported), "");
}
