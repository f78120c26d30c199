import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import * as tls from "node:tls";
import { after, before, describe, test } from "node:test";
import { freePort } from "../../demo/free-port.ts";
import { eventually } from "../../eventually.ts";
import { AcmeAuthority } from "./acme-authority.ts";
import { AcmeClient } from "./acme-client.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl", "pebble", "pebble-challtestsrv", "dehydrated");

describe("certificates of an ACME CA, installed as acme-companion does", { skip }, () => {
  const rig = new NginxRig();
  const { certificates } = rig;
  const webroot = join(rig.directory, "html");
  const authority = new AcmeAuthority(join(rig.directory, "pebble"));
  let client: AcmeClient;
  let root: string;
  let tlsPort: number;

  before(async () => {
    mkdirSync(webroot);
    const parameters = ["-algorithm", "DH", "-pkeyopt", "group:ffdhe2048"];
    execFileSync("openssl", ["genpkey", "-genparam", ...parameters, "-out", join(certificates, "dhparam.pem")]);
    tlsPort = await freePort();
    await rig.start({ https: { certificates, challenges: webroot, listen: tlsPort, port: 443 } }, []);
    await authority.start(rig.plainPort);
    client = new AcmeClient(join(rig.directory, "client"), authority, webroot, certificates);
    await client.register();
    root = await authority.root();
  });
  after(async () => {
    await authority.stop();
    await rig.close();
  });

  /** Returns the certificate presented for this name to a client that trusts only the CA, or undefined. */
  const shown = async (servername: string): Promise<tls.PeerCertificate | undefined> =>
    await new Promise((resolve) => {
      const socket = tls.connect({ host: "127.0.0.1", port: tlsPort, servername, ca: root }, () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      });
      socket.on("error", () => resolve(undefined));
    });
  const plain = async (host: string) => await rig.ask({ host, path: "/page" });

  test("a new container is served over HTTP, then over HTTPS when its certificate is issued", async () => {
    rig.update([
      await rig.app("shop", { VIRTUAL_HOST: "shop.example,www.shop.example" }),
      await rig.app("blog", { VIRTUAL_HOST: "blog.example" }),
      await rig.app("plain", { VIRTUAL_HOST: "plain.example" }),
    ]);
    await eventually("HTTP is served", async () => (await plain("www.shop.example")).status === 200);
    assert.equal(await shown("shop.example"), undefined);
    await client.issue("shop.example", "www.shop.example");
    await client.issue("blog.example");
    for (const host of ["shop.example", "www.shop.example"]) {
      const found = await eventually("TLS is served", async () => await shown(host));
      assert.equal(found.subjectaltname, "DNS:shop.example, DNS:www.shop.example");
      await eventually("HTTP redirects", async () => {
        const { status, headers } = await plain(host);
        return status === 301 && headers.location === `https://${host}/page`;
      });
    }
    await eventually("the other host is served", async () => await shown("blog.example"));
    assert.equal((await plain("plain.example")).status, 200);
    assert.deepEqual(
      readdirSync(certificates).filter((name) => name.startsWith("www.shop")),
      ["www.shop.example.chain.pem", "www.shop.example.crt", "www.shop.example.dhparam.pem", "www.shop.example.key"],
    );
    assert.equal(readlinkSync(join(certificates, "www.shop.example.crt")), "./shop.example/fullchain.pem");
  });

  test("serves a renewed certificate when only the targets of links changed", async () => {
    const before = await shown("www.shop.example");
    const { mtimeMs } = statSync(certificates);
    await client.issue("shop.example", "www.shop.example");
    const renewed = await eventually("the new certificate is presented", async () => {
      const now = await shown("www.shop.example");
      return now?.serialNumber !== before?.serialNumber && now;
    });
    assert.equal(statSync(certificates).mtimeMs, mtimeMs);
    // Old workers may still respond.
    await eventually("the other name presents it too", async () => {
      return (await shown("shop.example"))?.serialNumber === renewed.serialNumber;
    });
    assert.ok(await shown("blog.example"));
  });

  test("a host whose links are removed is served over HTTP when nginx needs another configuration", async () => {
    for (const ending of ["crt", "key", "chain.pem", "dhparam.pem"])
      execFileSync("rm", [join(certificates, `blog.example.${ending}`)]);
    await eventually("it is reported", () => rig.logged.some(({ event }) => event === "certificate.missing"));
    assert.ok(await shown("blog.example"));
    rig.update([await rig.app("later", { VIRTUAL_HOST: "later.example" })]);
    await eventually("HTTP is served", async () => (await plain("blog.example")).status === 200);
    assert.ok(await shown("shop.example"));
  });
});
