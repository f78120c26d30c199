import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { hostModel } from "../../../renderer/nginx/host.ts";
import { explain } from "../../../renderer/status/explain.ts";
import type { HostName } from "../../../renderer/routes/grammar.ts";
import { askMaintenance, askRelease } from "../../../renderer/status/socket.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";

const skip = requires("nginx", "openssl");

const of = (project: string, more: Record<string, string> = {}) => ({ labels: { ...composeLabels(project), ...more } });

describe("owners of host names with a real nginx", { skip }, () => {
  const rig = new NginxRig();

  before(async () => {
    makeCertificate(rig.certificates, "x.test", ["x.test", "*.x.test"]);
    makeCertificate(rig.certificates, "default.test", ["default.test"]);
    await rig.start(
      {
        onlyExposed: false,
        routing: {
          owners: [
            { suffix: "shop.x.test", projects: ["shop"] },
            { suffix: "x.test", projects: ["site", "first", "thief", "borne"] },
          ],
          staleAfter: "1s",
        },
        nginx: { defaultHost: "default.test", defaults: { httpsMethod: "noredirect" } },
      },
      [
        await rig.app("site", { VIRTUAL_HOST: "*.x.test" }, of("site")),
        await rig.app("default", { VIRTUAL_HOST: "default.test" }, of("site")),
        await rig.app("shop", { VIRTUAL_HOST: "a.shop.x.test" }, of("shop")),
        await rig.app("first", { VIRTUAL_HOST: "name.test,name.x.test" }, of("first")),
        await rig.app("thief", { VIRTUAL_HOST: "name.test,name.x.test" }, of("thief")),
        await rig.app(
          "redirects",
          { VIRTUAL_HOST: "to.test" },
          of("first", { "sallyport.redirect-from": "from.test" }),
        ),
        await rig.app("nohttp", { VIRTUAL_HOST: "secret.x.test", HTTPS_METHOD: "nohttp" }, of("first")),
        await rig.app(
          "borne",
          { VIRTUAL_HOST: "borne.x.test" },
          {
            ...of("borne"),
            fromImage: { read: true, env: ["VIRTUAL_HOST"], labels: [] },
          },
        ),
      ],
    );
  });
  after(async () => await rig.close());

  /** The app that answers a request, or the status without one; 0 when the TLS handshake is rejected. */
  async function answer(host: string, tls = false): Promise<string | number> {
    const { status, body } = await rig.ask({ host, tls });
    return status === 200 ? (JSON.parse(body) as { app: string }).app : status;
  }

  for (const tls of [false, true]) {
    const unrouted = tls ? 0 : 503;
    test(`over ${tls ? "HTTPS" : "HTTP"} a wildcard serves only names without another owner`, async () => {
      assert.equal(await answer("b.x.test", tls), "site");
      assert.equal(await answer("shop.x.test", tls), unrouted);
      assert.equal(await answer("b.shop.x.test", tls), unrouted);
      assert.equal(await answer("c.b.shop.x.test", tls), unrouted);
    });

    test(`over ${tls ? "HTTPS" : "HTTP"} the default host serves only names without another owner`, async () => {
      assert.equal(await answer("unknown.test", tls), "default");
      assert.equal(await answer("name.test", tls), tls ? unrouted : "first");
    });
  }

  test("a host without a certificate is not served by a wildcard over HTTPS", async () => {
    assert.equal(await answer("a.shop.x.test"), "shop");
    assert.equal(await answer("a.shop.x.test", true), 0);
  });

  test("a host that is served over HTTPS only is not served by a wildcard over HTTP", async () => {
    assert.equal(await answer("secret.x.test", true), "nohttp");
    assert.equal(await answer("secret.x.test"), 503);
  });

  test("a host name of an image is not routed, and explain prints what to do", async () => {
    assert.equal(await answer("borne.x.test"), "site");
    const { text } = explain(await rig.status(), "borne");
    assert.match(text, /VIRTUAL_HOST: value "borne\.x\.test": set by the image, .*`containersMay: \[imageValues\]`/);
  });

  test("a redirect that a container requests is temporary", async () => {
    const { status, headers } = await rig.ask({ host: "from.test" });
    assert.equal(status, 302);
    assert.match(headers.location ?? "", /^http:\/\/to\.test/);
  });

  test("the containers of an agent receive no requests after `staleAfter`, until it reconnects", async () => {
    rig.agent.isMute = true;
    rig.agent.hangUp();
    await eventually("it returns 503", async () => (await answer("b.x.test")) === 503);
    assert.ok(rig.logged.some(({ event }) => event === "agent.expiring"));
    assert.ok(rig.logged.some(({ event }) => event === "agent.expired"));
    const { agents } = await rig.status();
    assert.ok(agents[0]!.staleAt! <= Date.now());
    rig.agent.isMute = false;
    rig.agent.hangUp();
    await eventually("it is served", async () => (await answer("b.x.test")) === "site");
  });

  test("a host under maintenance returns 503 and Retry-After, also after a restart, until the maintenance ends", async () => {
    const [socket, host] = [join(rig.directory, "status.sock"), "a.shop.x.test" as HostName];
    const isClosed = async (): Promise<boolean> => {
      const { status, headers } = await rig.ask({ host });
      return status === 503 && headers["retry-after"] === "120";
    };
    await eventually("it is served", async () => (await answer(host)) === "shop");
    assert.equal(await askMaintenance(socket, host, true), true);
    assert.equal(await askMaintenance(socket, host, true), false);
    await eventually("it returns 503", isClosed);
    assert.match(
      explain(await rig.status(), host).text,
      /closed \(503\): maintenance: .*; run `sallyport-renderer maintenance a\.shop\.x\.test off`/,
    );
    // Old workers of nginx may answer for a moment.
    await eventually("another host is served", async () => (await answer("to.test")) === "redirects");
    await rig.restart(() => undefined);
    await eventually("the renderer has published", async () =>
      (await rig.status()).targets.every(({ pending }) => !pending),
    );
    assert.ok(await isClosed());
    assert.equal(rig.logged.filter(({ event }) => event === "host.closed").length, 0);
    assert.equal(await askMaintenance(socket, host, false), true);
    await eventually("it is served again", async () => (await answer(host)) === "shop");
  });

  test("a name whose owner is gone returns 503 until it is released", async () => {
    const first = rig.agent.first.find(({ name }) => name === "first")!;
    rig.agent.first = rig.agent.first.filter((one) => one !== first);
    rig.update([], [first.id]);
    const reserved = /503: belongs to project first, which has no container .* until 20/;
    await eventually("explain shows it", async () => reserved.test(explain(await rig.status(), "name.test").text));
    // Old workers of nginx may answer for a moment.
    for (const name of ["name.x.test", "name.test"])
      await eventually(`${name} is not served`, async () => (await answer(name)) === 503);
    const file = join(rig.directory, "conf.d", ".sallyport", "default.conf.owners.json");
    await eventually("it is recorded", () =>
      /"name\.test","owner":"project first","lastSeen"/.test(readFileSync(file, "utf8")),
    );
    assert.equal(await askRelease(join(rig.directory, "status.sock"), "name.test"), "project first");
    await eventually("it is served", async () => (await answer("name.test")) === "thief");
    assert.equal(await answer("name.x.test"), 503);
  });
});

test("a closed host that may not have the default certificate still rejects handshakes, also over HTTP/3", () => {
  const certificate = { stem: "default", names: ["default"], notAfter: 0, fingerprint: "ab" };
  const options = { defaultCertificate: false };
  const https = {
    listen: 8443,
    port: 443,
    directory: "/certs",
    challenges: "/html",
    hstsSeconds: 0,
    http3: true,
    certificates: { usable: new Map([["default", certificate]]), invalid: [] },
  };
  const virtualHost = { host: "a.test" as HostName, paths: [], options };
  for (const closed of [[], ["a.test"]]) {
    const model = hostModel(virtualHost, { listen: 8080, https, maintenance: new Set(closed) });
    const { listens } = model["rejects"] as { listens: { text: string }[] };
    assert.deepEqual(
      listens.map(({ text }) => text),
      ["8443 ssl http2", "8443 quic"],
      String(closed),
    );
  }
});
