import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../../demo/free-port.ts";
import { eventually } from "../../eventually.ts";
import { makeCertificate } from "./certificate-files.ts";
import { negotiate } from "./handshake.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

/** A documentation address without a server. */
const UNREACHABLE = "192.0.2.1";
const CHALLENGE = "/.well-known/acme-challenge/token";

describe("ports, networks and certificates of hosts, with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const byIpv6 = http.createServer((_request, response) => response.end("by IPv6"));

  before(async () => {
    const challenges = join(rig.directory, "challenges");
    mkdirSync(join(challenges, ".well-known", "acme-challenge"), { recursive: true });
    writeFileSync(join(challenges, CHALLENGE), "answer");
    for (const stem of [
      "own-port.example",
      "tls-21990.example",
      "parent.example",
      "two.parent.example",
      "wild.example",
    ])
      makeCertificate(rig.certificates, stem, [stem, `*.${stem}`]);
    makeCertificate(rig.certificates, "covers", ["*.covered.example"]);
    await new Promise<void>((resolve) => byIpv6.listen(0, "::1", resolve));
    const chosen = await rig.app("chosen", { VIRTUAL_HOST: "chosen.example" });
    const labelled = await rig.app("labelled", { VIRTUAL_HOST: "labelled.example" });
    const onHost = await rig.app("on-host", { VIRTUAL_HOST: "on-host.example" });
    const both = await rig.app("both", { VIRTUAL_HOST: "both.example" });
    const tlsPorts = { listen: 21_473, port: 21_473, certificates: rig.certificates, challenges };
    await rig.start(
      {
        onlyExposed: false,
        https: { ...tlsPorts, challengesForUnknown: true },
        routing: { containersMay: ["ports"], preferIpv6: true },
      },
      [
        {
          ...chosen,
          env: { ...chosen.env, VIRTUAL_PORT: String(rig.portOf("chosen")) },
          ports: [{ port: 1, proto: "tcp" }, ...chosen.ports, { port: 53, proto: "udp" }],
        },
        {
          ...labelled,
          labels: { "sallyport.network": "second" },
          networks: [
            { name: "first", ipv4: UNREACHABLE },
            { name: "second", ipv4: "127.0.0.1" },
          ],
        },
        {
          ...onHost,
          env: { ...onHost.env, VIRTUAL_PORT: String(rig.portOf("on-host")) },
          networks: [{ name: "host" }],
        },
        {
          ...both,
          networks: [{ name: "front", ipv4: UNREACHABLE, ipv6: "::1" }],
          ports: [{ port: (byIpv6.address() as AddressInfo).port, proto: "tcp" }],
        },
        await rig.app("own-port", {
          VIRTUAL_HOST: "own-port.example",
          EXTERNAL_HTTP_PORT: "21988",
          EXTERNAL_HTTPS_PORT: "21989",
        }),
        await rig.app("plain-21990", { VIRTUAL_HOST: "plain-21990.example", EXTERNAL_HTTP_PORT: "21990" }),
        await rig.app("tls-21990", { VIRTUAL_HOST: "tls-21990.example", EXTERNAL_HTTPS_PORT: "21990" }),
        await rig.app("child", { VIRTUAL_HOST: "a.parent.example,b.two.parent.example,c.d.parent.example" }),
        await rig.app("wild", { VIRTUAL_HOST: "*.wild.example" }),
        await rig.app("covered", { VIRTUAL_HOST: "one.covered.example" }),
        await rig.app("lost", { VIRTUAL_HOST: "parent.example", CERT_NAME: "lost" }),
      ],
    );
  });
  after(async () => {
    byIpv6.close();
    await rig.close();
  });

  const subjectFor = async (servername: string, port = 21_473): Promise<string | undefined> =>
    (await negotiate(port, servername))?.subject;

  test("VIRTUAL_PORT selects one of several exposed ports", async () => {
    assert.equal((await rig.echo({ host: "chosen.example" }))?.app, "chosen");
  });

  test("a label selects one of several networks", async () => {
    assert.equal((await rig.echo({ host: "labelled.example" }))?.app, "labelled");
  });

  test("an app on the Docker host's network is reached", async () => {
    assert.equal((await rig.echo({ host: "on-host.example" }))?.app, "on-host");
  });

  test("`preferIpv6` selects the IPv6 address", async () => {
    assert.equal((await rig.ask({ host: "both.example" })).body, "by IPv6");
  });

  test("a host with its own ports is served and redirected only on them", async () => {
    const plain = await rig.ask({ host: "own-port.example", port: 21_988, path: "/x" });
    assert.equal(plain.headers.location, "https://own-port.example:21989/x");
    assert.equal((await rig.echo({ host: "own-port.example", port: 21_989, tls: true }))?.app, "own-port");
    assert.equal(await subjectFor("own-port.example"), undefined);
    assert.equal((await rig.ask({ host: "own-port.example" })).status, 503);
  });

  test("a host's own ports serve no unknown names", async () => {
    assert.equal((await rig.ask({ host: "unknown.example", port: 21_988 })).status, 503);
    assert.equal(await subjectFor("unknown.example", 21_989), undefined);
  });

  test("the older host gets a port that two hosts request for HTTP and HTTPS, and the conflict is reported", async () => {
    assert.equal((await rig.echo({ host: "plain-21990.example", port: 21_990 }))?.app, "plain-21990");
    assert.equal((await rig.ask({ host: "unknown.example", port: 21_990 })).status, 503);
    assert.equal((await rig.ask({ host: "tls-21990.example", port: 21_990, tls: true })).status, 0);
    assert.equal((await rig.echo({ host: "tls-21990.example", port: 21_473, tls: true }))?.app, "tls-21990");
    const conflicts = (await rig.status()).warnings.filter(({ code }) => code === "port.contested");
    assert.deepEqual(
      conflicts.map(({ name }) => name),
      ["tls-21990"],
    );
    assert.match(
      conflicts[0]?.reason ?? "",
      /but plain-21990\.example requested it first for plain HTTP; choose another port/,
    );
  });

  test("a certificate is used for the names it contains, one level below its wildcard", async () => {
    assert.equal(await subjectFor("a.parent.example"), "parent.example");
    assert.equal(await subjectFor("b.two.parent.example"), "two.parent.example");
    assert.equal(await subjectFor("c.d.parent.example"), undefined);
    assert.equal(await subjectFor("any.wild.example"), "wild.example");
    assert.equal(await subjectFor("one.covered.example"), "*.covered.example");
  });

  test("a missing CERT_NAME certificate is not replaced by another", async () => {
    assert.equal(await subjectFor("parent.example"), undefined);
    assert.equal((await rig.echo({ host: "parent.example" }))?.app, "lost");
  });

  test("`challengesForUnknown` serves ACME challenges for unknown host names", async () => {
    assert.equal((await rig.ask({ host: "unknown.example", path: CHALLENGE })).body, "answer");
    assert.equal((await rig.ask({ host: "unknown.example", path: "/else" })).status, 503);
  });
});

test("the operator's default ports serve no unknown names", { skip }, async () => {
  const rig = new NginxRig();
  try {
    makeCertificate(rig.certificates, "app.example", ["app.example"]);
    const nginx = { defaults: { httpPort: 21_991, httpsPort: 21_992 } };
    await rig.start({ nginx }, [await rig.app("app", { VIRTUAL_HOST: "app.example" })]);
    assert.equal((await rig.echo({ host: "app.example", port: 21_992, tls: true }))?.app, "app");
    assert.equal((await rig.ask({ host: "unknown.example", port: 21_992, tls: true })).status, 0);
    assert.equal((await rig.ask({ host: "unknown.example", port: 21_991 })).status, 503);
  } finally {
    await rig.close();
  }
});

test("a container cannot get the default ports or the status page's port", { skip }, async () => {
  const rig = new NginxRig();
  try {
    makeCertificate(rig.certificates, "app.example", ["app.example"]);
    const pagePort = await freePort();
    const nginx = { defaults: { httpPort: 21_991, httpsPort: 21_992 } };
    const statusPage = {
      directory: join(rig.directory, "conf.d", "status"),
      listen: pagePort,
      allow: ["127.0.0.0/8"],
    };
    await rig.start(
      { nginx, routing: { containersMay: ["ports"] } },
      [
        await rig.app("app", { VIRTUAL_HOST: "app.example" }),
        await rig.app("greedy", { VIRTUAL_HOST: "greedy.example", EXTERNAL_HTTPS_PORT: "21991" }),
        await rig.app("curious", { VIRTUAL_HOST: "curious.example", EXTERNAL_HTTP_PORT: String(pagePort) }),
        await rig.app("several", {
          VIRTUAL_HOST_MULTIPORTS: `several.example: {external_http_port: 21992, external_https_port: ${pagePort}}`,
        }),
      ],
      { statusPage },
    );
    assert.equal((await rig.echo({ host: "app.example", port: 21_992, tls: true }))?.app, "app");
    for (const host of ["greedy", "curious", "several"])
      assert.equal((await rig.echo({ host: `${host}.example`, port: 21_991 }))?.app, host);
    await eventually("the page is served", async () =>
      /^<!doctype html>/i.test((await rig.ask({ host: "localhost", port: pagePort })).body),
    );
    const { warnings } = await rig.status();
    assert.deepEqual(
      warnings.map(({ name, reason }) => [name, reason.replace(/; .*/, "")]),
      [
        ["curious", `EXTERNAL_HTTP_PORT: port ${pagePort} serves the status page`],
        ["greedy", "EXTERNAL_HTTPS_PORT: port 21991 cannot serve both plain HTTP and TLS"],
        [
          "several",
          "VIRTUAL_HOST_MULTIPORTS: several.example: external_http_port: port 21992 cannot serve both plain HTTP and TLS",
        ],
        [
          "several",
          `VIRTUAL_HOST_MULTIPORTS: several.example: external_https_port: port ${pagePort} serves the status page`,
        ],
      ],
    );
  } finally {
    await rig.close();
  }
});
