import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { NginxRig } from "../renderer/nginx/rig.ts";
import { requires } from "../requires.ts";

// The public reports are listed in README.md.
const skip = requires("nginx", "openssl");

describe("behind a load balancer, a CDN or another proxy that is trusted", { skip }, () => {
  const rig = new NginxRig();
  before(async () => {
    for (const name of ["flexible", "redirecting"])
      makeCertificate(rig.certificates, `${name}.example`, [`${name}.example`]);
    const sticky = { labels: { "sallyport.balance": "ip-hash" } };
    const nginx = { trustedProxies: ["127.0.0.1/32"], upgrades: ["websocket", "tailscale-control-protocol"] };
    await rig.start({ nginx }, [
      await rig.app("echo", { VIRTUAL_HOST: "echo.example" }),
      await rig.app("flexible", { VIRTUAL_HOST: "flexible.example", HTTPS_METHOD: "noredirect" }),
      await rig.app("redirecting", { VIRTUAL_HOST: "redirecting.example" }),
      ...(await Promise.all(
        [1, 2, 3].map(async (number) => await rig.app(`sticky-${number}`, { VIRTUAL_HOST: "sticky.example" }, sticky)),
      )),
    ]);
  });
  after(async () => await rig.close());

  /** The headers that the app gets, without `x-forwarded-`. */
  const forwarded = async (headers: Readonly<Record<string, string>>): Promise<Record<string, unknown>> => {
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [`x-forwarded-${name}`, value]));
    const received = (await rig.echo({ host: "echo.example", headers: sent }))?.headers ?? {};
    return Object.fromEntries(
      Object.entries(received).map(([name, value]) => [name.replace("x-forwarded-", ""), value]),
    );
  };

  for (const [value, proto, port] of [
    ["https", "https", "443"],
    ["https,http", "https", "443"],
    ["https, https", "https", "443"],
    ["https , http", "https", "443"],
    ["HTTPS", "https", "443"],
    ["http,https", "http", "80"],
    ["wss, https", "wss", "443"],
    ["ws", "ws", "80"],
    ["httpsx", "http", "80"],
    ["gopher, https", "http", "80"],
    [", https", "http", "80"],
  ] as const) {
    test(`apps get ${proto} for the scheme "${value}"`, async () => {
      const headers = await forwarded({ proto: value });
      assert.deepEqual([headers["proto"], headers["scheme"], headers["port"]], [proto, proto, port]);
    });
  }

  for (const [name, value, received] of [
    ["host", "shop.example, inner.example", "shop.example"],
    ["host", "shop.example:8443,inner.example", "shop.example:8443"],
    ["host", "[2001:db8::1]:8443", "[2001:db8::1]:8443"],
    ["host", "shop.example/evil", "echo.example"],
    ["port", "8443,80", "8443"],
    ["port", "8443 , 80", "8443"],
    ["port", "x,80", "80"],
    ["for", "203.0.113.7:51234", "203.0.113.7:51234, 127.0.0.1"],
    ["for", "[2001:db8::1]:51234", "[2001:db8::1]:51234, 127.0.0.1"],
    ["for", "2001:db8::1, [::1]", "2001:db8::1, [::1], 127.0.0.1"],
  ] as const) {
    test(`apps get ${received} for the ${name} "${value}"`, async () => {
      assert.equal((await forwarded({ [name]: value }))[name], received);
    });
  }

  for (const [value, address] of [
    ["203.0.113.7:51234", "203.0.113.7"],
    ["[2001:db8::1]:51234", "2001:db8::1"],
    ["192.0.2.66, 203.0.113.7, 127.0.0.1", "203.0.113.7"],
    ["unknown, 203.0.113.7", "203.0.113.7"],
  ] as const) {
    test(`the client's address is ${address} for "${value}"`, async () => {
      assert.equal((await forwarded({ for: value }))["x-real-ip"], address);
    });
  }

  test("a host with `noredirect` is served over HTTP to a CDN that ends TLS, with the scheme and port of the client", async () => {
    const { headers } = (await rig.echo({ host: "flexible.example", headers: { "x-forwarded-proto": "https" } }))!;
    assert.deepEqual([headers["x-forwarded-proto"], headers["x-forwarded-port"]], ["https", "443"]);
    assert.equal((await rig.ask({ host: "redirecting.example" })).status, 301);
  });

  test("`ip-hash` sends each client of the proxy to one replica, and different clients to different ones", async () => {
    const seen = new Set<string>();
    for (const client of ["203.0.113.7", "198.51.100.7", "192.0.2.9", "10.9.8.7", "100.64.1.1", "233.252.0.9"]) {
      const apps = new Set<string>();
      for (let asked = 0; asked < 3; asked++)
        apps.add((await rig.echo({ host: "sticky.example", headers: { "x-forwarded-for": client } }))?.app ?? "none");
      assert.equal(apps.size, 1, client);
      for (const app of apps) seen.add(app);
    }
    assert.ok(seen.size > 1);
  });

  test("a POST that switches to a protocol of `nginx.upgrades` reaches the app, and another protocol does not", async () => {
    const ask = async (upgrade: string) =>
      (await rig.echo({ host: "echo.example", method: "POST", headers: { connection: "upgrade", upgrade } }))?.headers
        .upgrade;
    assert.equal(await ask("tailscale-control-protocol"), "tailscale-control-protocol");
    assert.equal(await ask("h2c"), undefined);
  });
});
