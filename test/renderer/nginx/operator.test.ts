import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { composeLabels } from "../../shared/compose-labels.ts";
import { eventually } from "../../eventually.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

const project = (name: string) => ({ labels: composeLabels(name) });

describe("the operator's settings with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const [vhosts, passwords, errors] = ["vhosts", "passwords", "errors"].map((name) => join(rig.directory, name)) as [
    string,
    string,
    string,
  ];

  before(async () => {
    for (const directory of [vhosts, passwords, errors]) mkdirSync(directory);
    writeFileSync(join(vhosts, "files.example"), "add_header X-Host-File yes always;\n");
    writeFileSync(join(vhosts, "files.example_location"), "add_header X-Location-File yes always;\n");
    writeFileSync(join(vhosts, "narrow.example"), "deny 192.0.2.5;\n");
    writeFileSync(join(vhosts, "instead.example_location_override"), "location / { return 418; }\n");
    writeFileSync(join(vhosts, "*.star.example"), "add_header X-Star yes always;\n");
    writeFileSync(join(passwords, "locked.example"), "user:{PLAIN}secret\n");
    writeFileSync(join(errors, "50x.html"), "no server\n");
    for (const name of ["tls.example", "default"]) makeCertificate(rig.certificates, name, [name]);
    makeCertificate(rig.certificates, "clients.example", ["clients.example"]);
    copyFileSync(join(rig.certificates, "clients.example.crt"), join(rig.certificates, "clients.example.ca.crt"));
    const static1 = await rig.app("static", {});
    await rig.start(
      {
        onlyExposed: false,
        routing: {
          containersMay: ["hsts", "sslPolicy"],
          grace: "1h",
          owners: [
            { suffix: "owned.example", projects: ["rightful"] },
            { suffix: "tls.example", projects: ["test"] },
          ],
          routes: [
            { host: "static.example", to: [`127.0.0.1:${rig.portOf("static")}`] },
            { host: "tls.example", path: "/static/", to: [`127.0.0.1:${rig.portOf("static")}`], dest: "/" },
          ],
        },
        nginx: {
          defaults: { defaultCertificate: false, nonGetRedirect: 308 },
          defaultHost: "front.example",
          unclaimedPath: 410,
          trustedProxies: ["127.0.0.2"],
          internalNetworks: ["192.0.2.0/24"],
          accessLog: { file: join(rig.directory, "access.log"), format: "json" },
          files: { vhosts, passwords, errors },
        },
      },
      [
        { ...static1, env: {} },
        await rig.app("front", { VIRTUAL_HOST: "front.example" }),
        await rig.app("files", { VIRTUAL_HOST: "files.example" }),
        await rig.app("instead", { VIRTUAL_HOST: "instead.example" }),
        await rig.app("star", { VIRTUAL_HOST: "*.star.example" }),
        await rig.app("locked", { VIRTUAL_HOST: "locked.example" }),
        await rig.app("inside", { VIRTUAL_HOST: "inside.example", NETWORK_ACCESS: "internal" }),
        await rig.app("narrow", { VIRTUAL_HOST: "narrow.example", NETWORK_ACCESS: "internal" }),
        await rig.app("down", { VIRTUAL_HOST: "down.example" }, { health: "unhealthy" }),
        await rig.app("leaving", { VIRTUAL_HOST: "leaving.example" }),
        await rig.app("tls", {
          VIRTUAL_HOST: "tls.example",
          HSTS: "max-age=60; includeSubDomains",
          SSL_POLICY: "AWS-FS-1-2-2019-08",
        }),
        await rig.app("clients", { VIRTUAL_HOST: "clients.example" }),
        await rig.app("usurper", { VIRTUAL_HOST: "a.owned.example" }, project("wrong")),
        await rig.app("rightful", { VIRTUAL_HOST: "b.owned.example" }, project("rightful")),
        await rig.app("first", { VIRTUAL_HOST: "shared.example" }, project("one")),
        await rig.app("second", { VIRTUAL_HOST: "shared.example" }, project("two")),
        await rig.app("elder", { VIRTUAL_HOST: "agree.example", HTTPS_METHOD: "nohttps" }),
        await rig.app("younger", { VIRTUAL_HOST: "agree.example", HTTPS_METHOD: "noredirect" }),
        await rig.app("other", { VIRTUAL_HOST: "agree.example", VIRTUAL_PROTO: "uwsgi" }),
      ],
    );
  });
  after(async () => await rig.close());

  test("a static route is served", async () => {
    assert.equal((await rig.echo({ host: "static.example" }))?.app, "static");
    assert.equal((await rig.echo({ host: "tls.example", path: "/static/x", tls: true }))?.url, "/x");
  });

  test("the default host serves unknown names over HTTP, and not over HTTPS without a certificate", async () => {
    assert.equal((await rig.echo({ host: "unknown.example" }))?.app, "front");
    assert.equal((await rig.ask({ host: "unknown.example", tls: true })).status, 503);
  });

  test("the operator's files extend hosts and locations and replace locations", async () => {
    const { headers } = await rig.ask({ host: "files.example" });
    assert.equal(headers["x-location-file"], "yes");
    assert.match(rig.text, /include \S+vhosts\/files\.example;/);
    assert.equal((await rig.ask({ host: "instead.example" })).status, 418);
    assert.equal((await rig.ask({ host: "a.star.example" })).headers["x-star"], "yes");
  });

  test("a changed file takes effect without a change of containers", async () => {
    writeFileSync(join(vhosts, "instead.example_location_override"), "location / { return 451; }\n");
    await eventually("nginx serves it", async () => (await rig.ask({ host: "instead.example" })).status === 451);
  });

  test("a file that nginx rejects changes nothing until it is fixed", async () => {
    writeFileSync(join(vhosts, "instead.example_location_override"), "location / { nonsense; }\n");
    await eventually("it is rejected", () => rig.logged.some(({ event }) => event === "publish.rejected"));
    assert.equal((await rig.ask({ host: "instead.example" })).status, 451);
    rmSync(join(vhosts, "instead.example_location_override"));
    await eventually(
      "the app is served again",
      async () => (await rig.echo({ host: "instead.example" }))?.app === "instead",
    );
  });

  test("a host that nginx rejects is quarantined alone, and restored when it is fixed", async () => {
    writeFileSync(join(vhosts, "late.example"), "nonsense;\n");
    rig.refresh();
    const late = await rig.app("late", { VIRTUAL_HOST: "late.example" });
    const next = await rig.app("next", { VIRTUAL_HOST: "next.example" });
    rig.update([late, next]);
    await eventually(
      "the other host is served",
      async () => (await rig.echo({ host: "next.example" }))?.app === "next",
    );
    assert.equal((await rig.echo({ host: "front.example" }))?.app, "front");
    await eventually("it is reported", () =>
      rig.logged.some(({ event, host }) => event === "container.quarantined" && host === "late.example"),
    );
    const { quarantined } = await rig.status();
    assert.match(quarantined.find(({ name }) => name === "late.example")?.reason ?? "", /nonsense/);
    rmSync(join(vhosts, "late.example"));
    await eventually("it is served", async () => (await rig.echo({ host: "late.example" }))?.app === "late");
  });

  test("a password file enables basic authentication", async () => {
    assert.equal((await rig.ask({ host: "locked.example" })).status, 401);
    const authorization = `Basic ${Buffer.from("user:secret").toString("base64")}`;
    assert.equal((await rig.echo({ host: "locked.example", headers: { authorization } }))?.app, "locked");
  });

  test("NETWORK_ACCESS=internal returns 403 to other networks", async () => {
    assert.equal((await rig.ask({ host: "inside.example" })).status, 403);
  });

  test("NETWORK_ACCESS=internal and a file of the operator restrict a host together", async () => {
    const statuses = ["192.0.2.5", "192.0.2.6", "203.0.113.9"].map(async (client) => {
      const headers = { "x-forwarded-for": client };
      return (await rig.ask({ host: "narrow.example", headers, from: "127.0.0.2" })).status;
    });
    assert.deepEqual(await Promise.all(statuses), [403, 200, 403]);
  });

  test("a host without a healthy container shows the operator's error page", async () => {
    const { status, body } = await rig.ask({ host: "down.example" });
    assert.deepEqual([status, body], [503, "no server\n"]);
  });

  test("a host without containers returns its error page during the grace period", async () => {
    await eventually("it is served", async () => (await rig.echo({ host: "leaving.example" }))?.app === "leaving");
    const gone = rig.agent.first.find(({ name }) => name === "leaving")!;
    rig.update([], [gone.id]);
    await eventually(
      "it returns the error page",
      async () => (await rig.ask({ host: "leaving.example" })).body === "no server\n",
    );
  });

  test("a permitted container sets HSTS and the TLS policy", async () => {
    const { headers } = await rig.ask({ host: "tls.example", tls: true });
    assert.equal(headers["strict-transport-security"], "max-age=60; includeSubDomains");
    assert.match(rig.text, /ssl_protocols TLSv1\.2;/);
  });

  test("methods other than GET are redirected with the configured status", async () => {
    assert.equal((await rig.ask({ host: "tls.example", method: "POST" })).status, 308);
    assert.equal((await rig.ask({ host: "tls.example" })).status, 301);
  });

  test("a client without a certificate gets 400 when the host has a client CA", async () => {
    assert.equal((await rig.ask({ host: "clients.example", tls: true })).status, 400);
  });

  test("only the owners of a suffix may use names below it", async () => {
    assert.equal((await rig.echo({ host: "b.owned.example" }))?.app, "rightful");
    assert.notEqual((await rig.echo({ host: "a.owned.example" }))?.app, "usurper");
    assert.ok(rig.logged.some(({ container, code }) => container === "usurper" && code === "host.owned"));
  });

  test("a host belongs to the first project, and the conflict is reported", async () => {
    const met = new Set<string | undefined>();
    for (let i = 0; i < 6; i += 1) met.add((await rig.echo({ host: "shared.example" }))?.app);
    assert.deepEqual([...met], ["first"]);
    assert.ok(rig.logged.some(({ container, code }) => container === "second" && code === "host.conflict"));
  });

  test("in a conflict the oldest container wins and the others are reported", () => {
    const conflicts = rig.logged.flatMap(({ container, code }) =>
      code === "option.conflict" || code === "protocol.conflict" ? [[container, code]] : [],
    );
    assert.deepEqual(
      new Map(conflicts as [string, string][]),
      new Map([
        ["younger", "option.conflict"],
        ["other", "protocol.conflict"],
      ]),
    );
  });

  test("only trusted proxies may set forwarding headers", async () => {
    const headers = { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https" };
    const byAnybody = (await rig.echo({ host: "front.example", headers }))?.headers;
    assert.deepEqual([byAnybody?.["x-forwarded-for"], byAnybody?.["x-forwarded-proto"]], ["127.0.0.1", "http"]);
    const byProxy = (await rig.echo({ host: "front.example", headers, from: "127.0.0.2" }))?.headers;
    assert.deepEqual(
      [byProxy?.["x-forwarded-for"], byProxy?.["x-forwarded-proto"], byProxy?.["x-real-ip"]],
      ["203.0.113.9, 127.0.0.2", "https", "203.0.113.9"],
    );
  });
});
