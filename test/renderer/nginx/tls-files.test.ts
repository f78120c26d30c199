import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, readFileSync, renameSync } from "node:fs";
import * as https from "node:https";
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
  const [general, own] = ["general", "own"].map((name) => new CertificateAuthority(join(rig.directory, name))) as [
    CertificateAuthority,
    CertificateAuthority,
  ];
  let responder: ReturnType<typeof spawn>;

  before(async () => {
    const port = await freePort();
    for (const stem of ["dh.example", "default.example", "own.example", "optional.example"]) general.issue(stem);
    general.issue("stapled.example", `authorityInfoAccess=OCSP;URI:http://127.0.0.1:${port}`);
    for (const stem of ["dh.example", "default.example", "own.example", "optional.example", "stapled.example"])
      general.copyInto(certificates, stem);
    copyFileSync(general.path("ca.crt"), join(certificates, "stapled.example.chain.pem"));
    responder = await runResponder(general, port);
    writeParameters("ffdhe2048", join(certificates, "dh.example.dhparam.pem"));
    writeParameters("ffdhe3072", join(certificates, "dhparam.pem"));
    for (const authority of [general, own]) {
      for (const stem of ["good", "revoked"]) authority.issue(stem);
      authority.revoke("revoked");
    }
    copyFileSync(general.path("ca.crt"), join(certificates, "ca.crt"));
    general.writeRevoked(join(certificates, "ca.crl.pem"));
    copyFileSync(own.path("ca.crt"), join(certificates, "own.example.ca.crt"));
    own.writeRevoked(join(certificates, "own.example.crl.pem"));
    const label = (value: string) => ({ labels: { "com.github.nginx-proxy.nginx-proxy.ssl_verify_client": value } });
    const nginx = { defaultHost: "default.example" };
    await rig.start({ nginx, routing: { containersMay: ["sslPolicy", "clientCertificates"] } }, [
      await rig.app("dh", { VIRTUAL_HOST: "dh.example", SSL_POLICY: "Mozilla-Intermediate" }, label("off")),
      await rig.app("default", { VIRTUAL_HOST: "default.example", SSL_POLICY: "Mozilla-Intermediate" }),
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
  const statusFor = async (host: string, authority?: CertificateAuthority, stem = ""): Promise<string | undefined> => {
    const shown = authority ? ["-cert", authority.path(`${stem}.crt`), "-key", authority.path(`${stem}.key`)] : [];
    const output = await handshake(rig.tlsPort, host, "-quiet", "-verify_quiet", ...shown);
    return /HTTP\/1\.1 ([0-9]{3})/.exec(output)?.[1];
  };

  test("uses a certificate's own Diffie-Hellman parameters, else `dhparam.pem`", async () => {
    const dhe = ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"];
    assert.match(await handshake(rig.tlsPort, "dh.example", ...dhe), /Server Temp Key: DH, 2048 bits/);
    assert.match(await handshake(rig.tlsPort, "default.example", ...dhe), /Server Temp Key: DH, 3072 bits/);
    // Without a TLS policy of its own.
    assert.match(await handshake(rig.tlsPort, "stapled.example", ...dhe), /Server Temp Key: DH, 3072 bits/);
  });

  test("changed Diffie-Hellman parameters take effect without a change of containers", async () => {
    writeParameters("ffdhe3072", join(certificates, "dh.example.dhparam.pem"));
    writeParameters("ffdhe2048", join(certificates, "dhparam.pem"));
    const dhe = ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"];
    const bits = async (host: string): Promise<string | undefined> =>
      /Server Temp Key: DH, ([0-9]+)/.exec(await handshake(rig.tlsPort, host, ...dhe))?.[1];
    await eventually("they are used", async () => (await bits("dh.example")) === "3072");
    await eventually("other own use them", async () => (await bits("default.example")) === "2048");
  });

  test("staples the OCSP response of a certificate with a chain file", async () => {
    // nginx queries the responder on the first handshake, without delaying it.
    const stapled = await eventually("a response is stapled", async () => {
      const output = await handshake(rig.tlsPort, "stapled.example", "-status");
      return output.includes("OCSP Response Status: successful") && output;
    });
    assert.match(stapled, /Cert Status: good/);
    assert.match(await handshake(rig.tlsPort, "default.example", "-status"), /OCSP response: no response sent/);
  });

  test("`ca.crt` requires a client certificate that is not revoked", async () => {
    assert.equal(await statusFor("default.example"), "400");
    assert.equal(await statusFor("default.example", general, "good"), "200");
    assert.equal(await statusFor("default.example", general, "revoked"), "400");
    assert.equal(await statusFor("default.example", own, "good"), "400");
  });

  test("a host's own CA and revocation list replace the default ones", async () => {
    assert.equal(await statusFor("own.example"), "400");
    assert.equal(await statusFor("own.example", own, "good"), "200");
    assert.equal(await statusFor("own.example", own, "revoked"), "400");
    assert.equal(await statusFor("own.example", general, "good"), "400");
  });

  test("a certificate that the default host's CA signed gives no access to another host without a name in the handshake", async () => {
    const ask = async (host: string): Promise<number | undefined> =>
      await new Promise((resolve, reject) => {
        const [cert, key] = ["crt", "key"].map((ending) => readFileSync(general.path(`good.${ending}`)));
        const client = { cert, key, servername: "", rejectUnauthorized: false, agent: false as const };
        const request = https.get({ port: rig.tlsPort, headers: { host }, ...client }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode));
        });
        request.on("error", reject);
      });
    assert.equal(await ask("default.example"), 200);
    assert.equal(await ask("own.example"), 421);
  });

  test("a permitted container makes client certificates optional", async () => {
    assert.equal(await statusFor("optional.example"), "200");
    assert.equal(await statusFor("optional.example", general, "revoked"), "400");
    assert.equal(await statusFor("dh.example"), "200");
  });

  test("a certificate that is revoked later is rejected without a change of containers", async () => {
    own.revoke("good");
    own.writeRevoked(join(certificates, "own.example.crl.pem"));
    await eventually("it is rejected", async () => (await statusFor("own.example", own, "good")) === "400");
  });

  test("a host's own revocation list applies to the CA of all hosts, but not next to the general list", async () => {
    general.writeRevoked(join(certificates, "default.example.crl.pem"));
    await eventually("it is closed", async () => (await statusFor("default.example", general, "good")) === "503");
    renameSync(join(certificates, "ca.crl.pem"), join(certificates, "ca.crl.pem_removed"));
    await eventually("it is served", async () => (await statusFor("default.example", general, "good")) === "200");
    assert.equal(await statusFor("default.example", general, "revoked"), "400");
  });
});

function writeParameters(group: string, file: string): void {
  execFileSync("openssl", ["genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", `group:${group}`, "-out", file]);
}

/** Starts an OCSP responder for this CA. */
async function runResponder(authority: CertificateAuthority, port: number): Promise<ReturnType<typeof spawn>> {
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
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => (output += part));
  await eventually("the responder listens", () => output.includes("waiting for OCSP client connections"));
  return child;
}
