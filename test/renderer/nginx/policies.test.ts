import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type * as tls from "node:tls";
import { SSL_POLICIES } from "../../../renderer/routes/ssl-policies.ts";
import { nginxVersion } from "../../demo/local-nginx.ts";
import { CertificateAuthority } from "./certificate-authority.ts";
import { makeCertificate } from "./certificate-files.ts";
import { handshake, negotiate } from "./handshake.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

/** Ciphers of a client that accepts everything. */
const ANYTHING = "ALL:@SECLEVEL=0";
const FROM_1_0 = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
const FROM_1_2 = FROM_1_0.slice(2);
const ONLY_1_3 = FROM_1_0.slice(3);

/** Whether this nginx applies `ssl_protocols` of each virtual host, and not only those of the port's first one. */
const separatesProtocols = Number(nginxVersion()?.split(".")[1]) >= 29;

/** The protocols that a policy allows on a shared port, and a TLS 1.2 cipher that it does not allow. */
const POLICIES: readonly [policy: string, allows: readonly string[], without?: string][] = [
  ["Mozilla-Modern", ONLY_1_3],
  ["Mozilla-Intermediate", FROM_1_2, "ECDHE-RSA-AES128-SHA256"],
  ["Mozilla-Old", FROM_1_0, "ECDHE-RSA-CAMELLIA128-SHA256"],
  ["AWS-TLS13-1-3-2021-06", ONLY_1_3],
  ["AWS-TLS13-1-2-2021-06", FROM_1_2, "ECDHE-RSA-AES128-SHA"],
  ["AWS-TLS13-1-2-Res-2021-06", FROM_1_2, "ECDHE-RSA-AES128-SHA256"],
  ["AWS-TLS13-1-2-Ext1-2021-06", FROM_1_2, "ECDHE-RSA-AES128-SHA"],
  ["AWS-TLS13-1-2-Ext2-2021-06", FROM_1_2, "ECDHE-RSA-CHACHA20-POLY1305"],
  ["AWS-TLS13-1-1-2021-06", FROM_1_0, "ECDHE-RSA-CHACHA20-POLY1305"],
  ["AWS-TLS13-1-0-2021-06", FROM_1_0, "ECDHE-RSA-CHACHA20-POLY1305"],
  ["AWS-FS-1-2-Res-2020-10", FROM_1_2, "ECDHE-RSA-AES128-SHA256"],
  ["AWS-FS-1-2-Res-2019-08", FROM_1_2, "ECDHE-RSA-AES128-SHA"],
  ["AWS-FS-1-2-2019-08", FROM_1_2, "AES128-GCM-SHA256"],
  ["AWS-FS-1-1-2019-08", FROM_1_0, "AES128-GCM-SHA256"],
  ["AWS-FS-2018-06", FROM_1_0, "AES128-GCM-SHA256"],
  ["AWS-TLS-1-2-Ext-2018-06", FROM_1_2, "ECDHE-RSA-CHACHA20-POLY1305"],
  ["AWS-TLS-1-2-2017-01", FROM_1_2, "ECDHE-RSA-AES128-SHA"],
  ["AWS-TLS-1-1-2017-01", FROM_1_0, "ECDHE-RSA-CHACHA20-POLY1305"],
  ["AWS-2016-08", FROM_1_0, "ECDHE-RSA-CHACHA20-POLY1305"],
  ["AWS-2015-05", FROM_1_0, "ECDHE-RSA-CHACHA20-POLY1305"],
  ["AWS-2015-03", FROM_1_0, "ECDHE-RSA-CHACHA20-POLY1305"],
  ["AWS-2015-02", FROM_1_0, "ECDHE-RSA-CHACHA20-POLY1305"],
];

async function negotiatedCipher(port: number, name: string, version: tls.SecureVersion, ciphers?: string) {
  const options = { minVersion: version, maxVersion: version, ...(ciphers !== undefined && { ciphers }) };
  return (await negotiate(port, name, options))?.cipher;
}

describe("TLS policies of hosts that share a port, with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const nameOf = (policy: string): string => `${policy.toLowerCase()}.example`;

  before(async () => {
    const authority = new CertificateAuthority(`${rig.directory}/authority`);
    authority.issue("default");
    authority.copyInto(rig.certificates, "default");
    const apps = POLICIES.map(
      async ([policy]) => await rig.app(policy, { VIRTUAL_HOST: nameOf(policy), SSL_POLICY: policy }),
    );
    const plain = await rig.app("plain", { VIRTUAL_HOST: "default.example" });
    await rig.start({ routing: { containersMay: ["sslPolicy"] } }, [plain, ...(await Promise.all(apps))]);
  });
  after(async () => await rig.close());

  const allowedProtocols = async (name: string): Promise<string[]> => {
    const tried = FROM_1_0.map(async (version) => {
      const ciphers = version === "TLSv1.3" ? undefined : ANYTHING;
      return (await negotiatedCipher(rig.tlsPort, name, version, ciphers)) === undefined ? [] : [version];
    });
    return (await Promise.all(tried)).flat();
  };

  for (const [policy, protocols, without] of POLICIES) {
    test(
      `${policy} allows ${protocols.join(", ")} and ${without ?? "no cipher of TLS 1.2"}`.replace(
        /and (?!no)/,
        "and not ",
      ),
      async () => {
        const { ciphers, protocols: own } = SSL_POLICIES[policy]!;
        assert.deepEqual(await allowedProtocols(nameOf(policy)), separatesProtocols ? own : protocols);
        for (const cipher of ciphers.filter((one) => !/ECDSA|^DHE/.test(one))) {
          const only = `${cipher}:@SECLEVEL=0`;
          assert.equal(await negotiatedCipher(rig.tlsPort, nameOf(policy), "TLSv1.2", only), cipher);
        }
        if (without === undefined) return;
        // OpenSSL's client supports ciphers that Node lacks.
        const options = ["-tls1_2", "-cipher", `${without}:@SECLEVEL=0`];
        assert.match(await handshake(rig.tlsPort, nameOf(policy), ...options), /Cipher is \(NONE\)/);
      },
    );
  }

  test("a host without a policy rejects what other hosts allow", async () => {
    assert.deepEqual(await allowedProtocols("default.example"), FROM_1_2);
    const old = "ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0";
    assert.equal(await negotiatedCipher(rig.tlsPort, "default.example", "TLSv1.2", old), undefined);
  });

  test("every policy has a test", () => {
    assert.deepEqual(POLICIES.map(([policy]) => policy).toSorted(), Object.keys(SSL_POLICIES).toSorted());
  });
});

test("old protocols are rejected unless a permitted policy allows them", { skip }, async () => {
  const rig = new NginxRig();
  try {
    makeCertificate(rig.certificates, "default", ["default"]);
    await rig.start({}, [await rig.app("plain", { VIRTUAL_HOST: "default.example", SSL_POLICY: "Mozilla-Old" })]);
    for (const name of ["default.example", "unknown.example"]) {
      assert.equal(await negotiatedCipher(rig.tlsPort, name, "TLSv1.1", ANYTHING), undefined);
      assert.notEqual(await negotiatedCipher(rig.tlsPort, name, "TLSv1.2"), undefined);
    }
  } finally {
    await rig.close();
  }
});

test("the operator's policy applies to hosts without a policy", { skip }, async () => {
  const rig = new NginxRig();
  try {
    makeCertificate(rig.certificates, "default", ["default"]);
    const nginx = { defaults: { sslPolicy: "Mozilla-Modern" } };
    await rig.start({ routing: { containersMay: ["sslPolicy"] }, nginx }, [
      await rig.app("plain", { VIRTUAL_HOST: "default.example" }),
      await rig.app("older", { VIRTUAL_HOST: "older.example", SSL_POLICY: "Mozilla-Intermediate" }),
    ]);
    assert.equal(await negotiatedCipher(rig.tlsPort, "default.example", "TLSv1.2", ANYTHING), undefined);
    assert.notEqual(await negotiatedCipher(rig.tlsPort, "default.example", "TLSv1.3"), undefined);
    assert.notEqual(await negotiatedCipher(rig.tlsPort, "older.example", "TLSv1.2", ANYTHING), undefined);
  } finally {
    await rig.close();
  }
});
