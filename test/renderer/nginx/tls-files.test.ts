import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../../demo/free-port.ts";
import { eventually } from "../../eventually.ts";
import { CertificateAuthority } from "./certificate-authority.ts";
import { handshake } from "./handshake.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

describe("additional certificate files, with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const { certificates } = rig;
  const [everybodys, hosts] = ["everybodys", "hosts"].map(
    (name) => new CertificateAuthority(join(rig.directory, name)),
  ) as [CertificateAuthority, CertificateAuthority];
  let responder: ReturnType<typeof spawn>;

  before(async () => {
    const port = await freePort(23_080);
    for (const stem of ["dh.example", "usual.example", "own.example", "optional.example"]) everybodys.issue(stem);
    everybodys.issue("stapled.example", `authorityInfoAccess=OCSP;URI:http://127.0.0.1:${port}`);
    for (const stem of ["dh.example", "usual.example", "own.example", "optional.example", "stapled.example"])
      everybodys.layInto(certificates, stem);
    copyFileSync(everybodys.path("ca.crt"), join(certificates, "stapled.example.chain.pem"));
    responder = await answerStatus(everybodys, port);
    writeParameters("ffdhe2048", join(certificates, "dh.example.dhparam.pem"));
    writeParameters("ffdhe3072", join(certificates, "dhparam.pem"));
    for (const authority of [everybodys, hosts]) {
      for (const stem of ["good", "revoked"]) authority.issue(stem);
      authority.revoke("revoked");
    }
    copyFileSync(everybodys.path("ca.crt"), join(certificates, "ca.crt"));
    everybodys.writeRevoked(join(certificates, "ca.crl.pem"));
    copyFileSync(hosts.path("ca.crt"), join(certificates, "own.example.ca.crt"));
    hosts.writeRevoked(join(certificates, "own.example.crl.pem"));
    const label = (value: string) => ({ labels: { "com.github.nginx-proxy.nginx-proxy.ssl_verify_client": value } });
    await rig.start({ routing: { containersMay: ["sslPolicy", "clientCertificates"] } }, [
      await rig.app("dh", { VIRTUAL_HOST: "dh.example", SSL_POLICY: "Mozilla-Intermediate" }, label("off")),
      await rig.app("usual", { VIRTUAL_HOST: "usual.example", SSL_POLICY: "Mozilla-Intermediate" }),
      await rig.app("own", { VIRTUAL_HOST: "own.example" }),
      await rig.app("optional", { VIRTUAL_HOST: "optional.example" }, label("optional")),
      await rig.app("stapled", { VIRTUAL_HOST: "stapled.example" }, label("off")),
    ]);
  });
  after(async () => {
    responder?.kill();
    await rig.close();
  });

  /** Returns the response status for a client with this certificate, or without one. */
  const answered = async (host: string, authority?: CertificateAuthority, stem = ""): Promise<string | undefined> => {
    const shown = authority ? ["-cert", authority.path(`${stem}.crt`), "-key", authority.path(`${stem}.key`)] : [];
    const told = await handshake(rig.tlsPort, host, "-quiet", "-verify_quiet", ...shown);
    return /HTTP\/1\.1 ([0-9]{3})/.exec(told)?.[1];
  };

  test("uses a certificate's own Diffie-Hellman parameters, else `dhparam.pem`", async () => {
    const dhe = ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"];
    assert.match(await handshake(rig.tlsPort, "dh.example", ...dhe), /Server Temp Key: DH, 2048 bits/);
    assert.match(await handshake(rig.tlsPort, "usual.example", ...dhe), /Server Temp Key: DH, 3072 bits/);
  });

  test("changed Diffie-Hellman parameters take effect without a change of containers", async () => {
    writeParameters("ffdhe3072", join(certificates, "dh.example.dhparam.pem"));
    writeParameters("ffdhe2048", join(certificates, "dhparam.pem"));
    const dhe = ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"];
    const bits = async (host: string): Promise<string | undefined> =>
      /Server Temp Key: DH, ([0-9]+)/.exec(await handshake(rig.tlsPort, host, ...dhe))?.[1];
    await eventually("they are used", async () => (await bits("dh.example")) === "3072");
    await eventually("other hosts use them", async () => (await bits("usual.example")) === "2048");
  });

  test("staples the OCSP response of a certificate with a chain file", async () => {
    // nginx queries the responder on the first handshake, without delaying it.
    const stapled = await eventually("a response is stapled", async () => {
      const told = await handshake(rig.tlsPort, "stapled.example", "-status");
      return told.includes("OCSP Response Status: successful") && told;
    });
    assert.match(stapled, /Cert Status: good/);
    assert.match(await handshake(rig.tlsPort, "usual.example", "-status"), /OCSP response: no response sent/);
  });

  test("`ca.crt` requires a client certificate that is not revoked", async () => {
    assert.equal(await answered("usual.example"), "400");
    assert.equal(await answered("usual.example", everybodys, "good"), "200");
    assert.equal(await answered("usual.example", everybodys, "revoked"), "400");
    assert.equal(await answered("usual.example", hosts, "good"), "400");
  });

  test("a host's own CA and revocation list replace the default ones", async () => {
    assert.equal(await answered("own.example"), "400");
    assert.equal(await answered("own.example", hosts, "good"), "200");
    assert.equal(await answered("own.example", hosts, "revoked"), "400");
    assert.equal(await answered("own.example", everybodys, "good"), "400");
  });

  test("a permitted container makes client certificates optional", async () => {
    assert.equal(await answered("optional.example"), "200");
    assert.equal(await answered("optional.example", everybodys, "revoked"), "400");
    assert.equal(await answered("dh.example"), "200");
  });

  test("a certificate that is revoked later is rejected without a change of containers", async () => {
    hosts.revoke("good");
    hosts.writeRevoked(join(certificates, "own.example.crl.pem"));
    await eventually("it is rejected", async () => (await answered("own.example", hosts, "good")) === "400");
  });
});

function writeParameters(group: string, file: string): void {
  execFileSync("openssl", ["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", `group:${group}`, "-out", file]);
}

/** Starts an OCSP responder for this CA. */
async function answerStatus(authority: CertificateAuthority, port: number): Promise<ReturnType<typeof spawn>> {
  const signer = [
    "-rsigner",
    authority.path("ca.crt"),
    "-rkey",
    authority.path("ca.key"),
    "-CA",
    authority.path("ca.crt"),
  ];
  const args = ["ocsp", "-index", authority.path("index.txt"), "-port", String(port), ...signer];
  const child = spawn("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
  let told = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => (told += part));
  await eventually("the responder listens", () => told.includes("waiting for OCSP client connections"));
  return child;
}
