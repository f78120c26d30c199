import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig, type Seen } from "./rig.ts";

const HOSTS: Readonly<Record<string, Record<string, string>>> = {
  "a.example": {},
  "b.example": {},
  "c.example": { HTTPS_METHOD: "noredirect", CERT_NAME: "a.example" },
  "d.example": { HTTPS_METHOD: "nohttp", CERT_NAME: "a.example" },
  "e.example": { HTTPS_METHOD: "nohttps", CERT_NAME: "a.example" },
  "f.example": { HTTPS_METHOD: "yes; }", CERT_NAME: "../a.example" },
};

describe("TLS with certificates on a volume", { skip: requires("nginx", "openssl") }, () => {
  const rig = new NginxRig();
  const { certificates } = rig;

  before(async () => {
    const apps = Object.entries(HOSTS).map(async ([host, env]) => await rig.app(host, { ...env, VIRTUAL_HOST: host }));
    await rig.start({}, await Promise.all(apps));
  });
  after(async () => await rig.close());

  const plain = async (host: string): Promise<Seen> => await rig.ask({ host, path: "/x?y=1" });
  const tls = async (host: string): Promise<Seen> => await rig.ask({ host, tls: true });
  const hstsOf = ({ headers }: Seen): string | undefined => headers["strict-transport-security"];

  test("a host without a certificate is served over HTTP and its TLS handshake is rejected", async () => {
    assert.equal((await plain("b.example")).status, 200);
    const { status, fingerprint } = await tls("b.example");
    assert.deepEqual([status, fingerprint], [0, undefined]);
  });

  test("a new certificate enables TLS and redirects HTTP without a restart", async () => {
    makeCertificate(certificates, "a.example", ["a.example"]);
    // nginx's old workers may accept for a moment longer.
    await eventually("TLS is served", async () => hstsOf(await tls("a.example")) === "max-age=31536000");
    const location = `https://a.example:${rig.tlsPort}/x?y=1`;
    await eventually("HTTP redirects", async () => (await plain("a.example")).headers.location === location);
    assert.equal((await plain("b.example")).status, 200);
  });

  const methods: readonly [host: string, plain: number, tls: number, hsts: boolean][] = [
    ["c.example", 200, 200, false],
    ["d.example", 503, 200, true],
    ["e.example", 200, 0, false],
    ["f.example", 200, 0, false],
  ];
  for (const [host, plainStatus, tlsStatus, hsts] of methods) {
    test(`${host} returns ${plainStatus} over HTTP and ${tlsStatus} over TLS`, async () => {
      await eventually("both match", async () => {
        const [byPlain, byTls] = [await plain(host), await tls(host)];
        return byPlain.status === plainStatus && byTls.status === tlsStatus && (hstsOf(byTls) !== undefined) === hsts;
      });
    });
  }

  test("a certificate with a key that does not match disables TLS for its own host only", async () => {
    makeCertificate(certificates, "b.example", ["b.example"]);
    await eventually("TLS is served", async () => (await tls("b.example")).status === 200);
    copyFileSync(join(certificates, "a.example.key"), join(certificates, "b.example.key"));
    await eventually("TLS is rejected", async () => (await tls("b.example")).status === 0);
    await eventually("HTTP is served", async () => (await plain("b.example")).status === 200);
    await eventually("the other host is served", async () => (await tls("a.example")).status === 200);
  });

  test("a renewed certificate is served although its path is the same", async () => {
    const { fingerprint } = await tls("a.example");
    makeCertificate(certificates, "a.example", ["a.example"]);
    await eventually("the new certificate is presented", async () => {
      const seen = await tls("a.example");
      return seen.status === 200 && seen.fingerprint !== fingerprint;
    });
  });
});
