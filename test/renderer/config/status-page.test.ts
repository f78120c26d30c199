import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "../../../renderer/config/load.ts";
import { NginxTemplate } from "../../../renderer/targets/nginx-template.ts";
import type { HostName, PortNumber } from "../../../renderer/routes/grammar.ts";
import { NO_ROUTES } from "../routes/no-routes.ts";
import { nginxTargetOf } from "./target-of.ts";

const target = { template: "renderer/templates/nginx.conf.hbs", reload: "none" };

function configWith(statusPage: object, targets: readonly object[] = [{ ...target, destination: "/x/a.conf" }]) {
  const template = `${process.cwd()}/${target.template}`;
  const text = JSON.stringify({
    agents: [{ socket: "/a.sock" }],
    statusPage,
    targets: targets.map((one) => ({ ...one, template })),
  });
  return parseConfig(text, "c.yml");
}

test("by default only nginx's own container may read the page", () => {
  const config = configWith({ directory: "/srv/status" });
  assert.ok(!("problems" in config), JSON.stringify(config));
  assert.deepEqual(config.statusPage, { directory: "/srv/status", listen: 8081, allow: ["127.0.0.0/8", "::1"] });
});

const mistakes: readonly [settings: object, message: RegExp][] = [
  [{ directory: "status" }, /statusPage\.directory: must be an absolute path/],
  [{ directory: "/a b" }, /statusPage\.directory: must be an absolute path of letters/],
  [{ directory: "/a", allow: [] }, /statusPage\.allow: /],
  [{ directory: "/a", allow: ["all"] }, /statusPage\.allow\.0: must be an address or a network such as .*, not "all"/],
  [{ directory: "/a", allow: ["10.0.0.0/33"] }, /must be an address .*, not "10\.0\.0\.0\/33"/],
  [
    { directory: "/a", allow: ["fc00::/7", "fc00::/129"] },
    /statusPage\.allow\.1: must be an address .*, not "fc00::\/129"/,
  ],
  [{ directory: "/a", alow: [] }, /unknown key "alow"; did you mean "allow"/],
  [
    { directory: "/a", listen: 8080 },
    /statusPage\.listen: 8080 is also the port of virtual hosts; choose another port/,
  ],
];
for (const [settings, message] of mistakes) {
  test(`${JSON.stringify(settings)} is rejected with a hint`, () => {
    const parsed = configWith(settings);
    assert.match("problems" in parsed ? parsed.problems.join("\n") : "no problem", message);
  });
}

test("only the first nginx target serves the page, from the directory in nginx", () => {
  const targets = ["/x/a.conf", "/x/b.conf"].map((destination) => ({ ...target, destination }));
  const settings = { directory: "/srv/status", directoryInNginx: "/status", allow: ["192.0.2.0/24", "2001:db8::1"] };
  const config = configWith(settings, targets);
  assert.ok(!("problems" in config), JSON.stringify(config));
  const texts = config.targets.map((_target, index) => {
    const template = NginxTemplate.load(nginxTargetOf(config, index), config);
    assert.ok(!("problem" in template), JSON.stringify(template));
    return template.print(NO_ROUTES).toString();
  });
  assert.match(texts[0] ?? "", /root \/status;[^]*allow 192\.0\.2\.0\/24;\n +allow 2001:db8::1;\n +deny all;/);
  assert.doesNotMatch(texts[1] ?? "", /8081|deny all/);
});

test("a host on the page's port and a forged client address do not reach the page", () => {
  const targets = [{ ...target, destination: "/x/a.conf", nginx: { trustedProxies: ["10.0.0.0/8"] } }];
  const config = configWith({ directory: "/srv/status" }, targets);
  assert.ok(!("problems" in config), JSON.stringify(config));
  const template = NginxTemplate.load(nginxTargetOf(config), config);
  assert.ok(!("problem" in template), JSON.stringify(template));
  const host = { host: "a.example" as HostName, paths: [], options: { httpPort: 8081 as PortNumber } };
  const text = template.print({ kind: "routes", virtualHosts: [host] }).toString();
  assert.equal([...text.matchAll(/listen [^;]*8081/g)].length, 2);
  assert.match(text, /listen 8081;[^]*set_real_ip_from unix:;/);
});
