import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeCertificate } from "./certificate-files.ts";
import { negotiate } from "./handshake.ts";
import { type Echo, NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

describe("nginx behind a load balancer with the PROXY protocol", { skip }, () => {
  const rig = new NginxRig();
  before(async () => {
    const nginx = { proxyProtocol: true, trustedProxies: ["127.0.0.1"], ipv6: true };
    await rig.start({ nginx }, [await rig.app("app", { VIRTUAL_HOST: "app.example" })]);
  });
  after(async () => await rig.close());

  test("the client address is taken from a trusted load balancer", async () => {
    const answer = await exchange(rig.plainPort, "127.0.0.1", "PROXY TCP4 203.0.113.9 127.0.0.1 4711 8443\r\n");
    const { headers } = JSON.parse(/\{.*\}/.exec(answer)![0]) as Echo;
    assert.equal(headers["x-real-ip"], "203.0.113.9");
    assert.equal(headers["x-forwarded-port"], "8443");
  });

  test("a client without the PROXY protocol gets no response", async () => {
    assert.equal(await exchange(rig.plainPort, "127.0.0.1", ""), "");
  });

  test("listens on IPv6 and ignores the address that an untrusted peer sends", async () => {
    const answer = await exchange(rig.plainPort, "::1", "PROXY TCP6 2001:db8::9 ::1 4711 80\r\n");
    const { headers } = JSON.parse(/\{.*\}/.exec(answer)![0]) as Echo;
    assert.equal(headers["x-real-ip"], "::1");
    assert.equal(headers["x-forwarded-port"], "80");
  });
});

describe("the operator's HTTPS defaults", { skip }, () => {
  const rig = new NginxRig();
  before(async () => {
    const challenges = join(rig.directory, "challenges");
    mkdirSync(join(challenges, ".well-known", "acme-challenge"), { recursive: true });
    writeFileSync(join(challenges, ".well-known", "acme-challenge", "token"), "answer");
    const vhosts = join(rig.directory, "vhosts");
    mkdirSync(vhosts);
    writeFileSync(join(vhosts, "closed.example"), "deny all;\nauth_basic closed;\nauth_basic_user_file /dev/null;\n");
    for (const name of ["tls.example", "slow.example"]) makeCertificate(rig.certificates, name, [name]);
    const https = { certificates: rig.certificates, challenges };
    await rig.start(
      {
        https: { ...https, listen: 21_453, port: 443 },
        nginx: { defaults: { plainWithoutCertificate: false }, files: { vhosts } },
      },
      [
        await rig.app("tls", { VIRTUAL_HOST: "tls.example" }),
        await rig.app("slow", { VIRTUAL_HOST: "slow.example" }, { labels: { "sallyport.http2": "no" } }),
        await rig.app("bare", { VIRTUAL_HOST: "bare.example" }),
        await rig.app("closed", { VIRTUAL_HOST: "closed.example", ENABLE_HTTP_ON_MISSING_CERT: "true" }),
        await rig.app("quiet", {
          VIRTUAL_HOST: "quiet.example",
          ACME_HTTP_CHALLENGE_LOCATION: "false",
          ENABLE_HTTP_ON_MISSING_CERT: "true",
        }),
      ],
    );
  });
  after(async () => await rig.close());

  test("redirects a host without a certificate when the operator disables HTTP for it", async () => {
    const { status, headers } = await rig.ask({ host: "bare.example", path: "/x" });
    assert.deepEqual([status, headers.location], [301, "https://bare.example/x"]);
  });

  test("ACME challenges are served over HTTP while other requests are redirected", async () => {
    const path = "/.well-known/acme-challenge/token";
    assert.equal((await rig.ask({ host: "tls.example", path })).body, "answer");
    assert.equal((await rig.ask({ host: "bare.example", path })).body, "answer");
    assert.equal((await rig.echo({ host: "quiet.example", path }))?.app, "quiet");
  });

  test("ACME challenges are served although the operator's file denies all clients", async () => {
    const path = "/.well-known/acme-challenge/token";
    assert.equal((await rig.ask({ host: "closed.example" })).status, 403);
    assert.equal((await rig.ask({ host: "closed.example", path })).body, "answer");
  });

  test("HTTP/2 is negotiated unless a container disables it", async () => {
    // nginx 1.22 has one setting for all hosts of a port; only newer versions have one for each host.
    assert.equal((await negotiate(21_453, "tls.example"))?.protocol, "h2");
    assert.match(rig.text, /listen 21453 ssl;\n {4}server_name slow\.example;/);
  });
});

/** Sends this preamble and a request. Returns everything received until the connection closes. */
async function exchange(port: number, host: string, preamble: string): Promise<string> {
  return await new Promise((resolve) => {
    let answer = "";
    const socket = net.connect(port, host, () =>
      socket.write(`${preamble}GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n`),
    );
    socket.setEncoding("utf8").on("data", (part: string) => (answer += part));
    socket.on("error", () => undefined).on("close", () => resolve(answer));
  });
}
