import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import { after, before, describe, test } from "node:test";
import { AcmeLoop } from "../../../renderer/acme/loop.ts";

import { type Progress, readProgress } from "../../../renderer/acme/progress.ts";
import { printWanted, readWanted } from "../../../renderer/acme/wanted.ts";
import { explain } from "../../../renderer/status/explain.ts";
import type { AcmeSettings } from "../../../renderer/acme/settings.ts";
import { freePort } from "../../demo/free-port.ts";
import { programPath } from "../../demo/program-path.ts";
import { eventually } from "../../eventually.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";
import { AcmeAuthority } from "../nginx/acme-authority.ts";
import { makeAgedCertificate, makeCertificate } from "../nginx/certificate-files.ts";
import { NginxRig } from "../nginx/rig.ts";

const skip = requires("nginx", "openssl", "pebble", "pebble-challtestsrv", "dehydrated");

describe("certificates that containers request", { skip }, () => {
  const rig = new NginxRig();
  const { certificates } = rig;
  const webroot = join(rig.directory, "html");
  const directory = join(rig.directory, "acme");
  const state = join(rig.directory, "acme-state");
  const programs = join(rig.directory, "programs");
  const authority = new AcmeAuthority(join(rig.directory, "pebble"));
  const logged: Record<string, unknown>[] = [];
  let ending = new AbortController();
  let client: AcmeLoop;
  let running: Promise<void>;
  let root: string;
  let tlsPort: number;

  const startClient = (url = authority.url): void => {
    const settings = {
      wanted: join(directory, "wanted.json"),
      state,
      certificates,
      challenges: webroot,
      authority: url,
      trusted: authority.trusted,
    };
    ending = new AbortController();
    client = new AcmeLoop(settings, { PATH: `${programs}:${programPath()}` }, (level, event, fields) => {
      logged.push({ level, event, ...fields });
    });
    running = client.run(ending.signal);
  };
  const stopClient = async (): Promise<void> => {
    ending.abort();
    await running;
  };

  before(async () => {
    for (const path of [webroot, programs]) mkdirSync(path);
    // dehydrated polls an order every second or two; a local CA is faster.
    writeFileSync(join(programs, "sleep"), "#!/bin/sh\nexec /bin/sleep 0.05\n", { mode: 0o755 });
    tlsPort = await freePort();
    const https = { certificates, challenges: webroot, listen: tlsPort, port: 443, acme: { directory } };
    await rig.start({ https, routing: { containersMay: [] } }, []);
    await authority.start(rig.plainPort);
    root = await authority.root();
    startClient();
  });
  after(async () => {
    await stopClient();
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
  const progressOf = (file: string): Progress | undefined => {
    const found = readProgress(join(certificates, "acme.json"));
    return typeof found === "string" ? undefined : found.find((one) => one.file === file);
  };
  const failedWith = async (file: string, error: RegExp): Promise<Progress> =>
    await eventually(
      `${file} has failed`,
      () => {
        const found = progressOf(file);
        return found?.state === "failed" && error.test(found.error ?? "") && found;
      },
      60_000,
    );
  const explained = async (name: string): Promise<string> => explain(await rig.status(), name).text;

  test("two containers get certificates without touching a file and are then redirected to HTTPS", async () => {
    const other = { labels: { "com.docker.compose.project": "blog" } };
    rig.update([
      await rig.app("shop", {
        VIRTUAL_HOST: "shop.example,www.shop.example",
        LETSENCRYPT_HOST: "www.shop.example,shop.example,other.example",
        LETSENCRYPT_EMAIL: "shop@example.com",
      }),
      await rig.app(
        "blog",
        { VIRTUAL_HOST: "blog.example" },
        { labels: { ...other.labels, "sallyport.acme": "true" } },
      ),
      await rig.app("plain", { VIRTUAL_HOST: "plain.example" }),
    ]);
    await eventually("HTTP is served", async () => (await plain("shop.example")).status === 200);
    for (const host of ["shop.example", "www.shop.example", "blog.example"]) {
      const found = await eventually("TLS is served", async () => await shown(host), 60_000);
      const names = host === "blog.example" ? "DNS:blog.example" : "DNS:shop.example, DNS:www.shop.example";
      assert.equal(found.subjectaltname, names);
      await eventually("HTTP redirects", async () => {
        const { status, headers } = await plain(host);
        return status === 301 && headers.location === `https://${host}/page`;
      });
    }
    assert.equal((await plain("plain.example")).status, 200);
    assert.deepEqual(
      readdirSync(certificates).filter((name) => name !== "acme"),
      ["acme.json", "blog.example.crt", "blog.example.key", "shop.example.crt", "shop.example.key"],
    );
    assert.equal(statSync(join(certificates, "shop.example.key")).mode & 0o777, 0o600);
    assert.match(await explained("other.example"), /no such virtual host/);
    const { requestedCertificates } = await rig.status();
    assert.deepEqual(
      requestedCertificates.map(({ name, state }) => [name, state]),
      [
        ["blog.example", "issued"],
        ["shop.example", "issued"],
        ["other.example", "refused"],
      ],
    );
    assert.match(requestedCertificates[2]?.error ?? "", /^other\.example is not a virtual host of project test, /);
  });

  test("shows the authority's message for a name that cannot be validated, while others get certificates", async () => {
    await authority.breakName("down.example");
    rig.update([
      await rig.app("down", { VIRTUAL_HOST: "down.example", LETSENCRYPT_HOST: "down.example" }),
      await rig.app("good", { VIRTUAL_HOST: "good.example", LETSENCRYPT_HOST: "good.example" }),
    ]);
    await eventually("the other name has a certificate", async () => await shown("good.example"), 60_000);
    const failed = await eventually("the failure is reported", async () => {
      const { requestedCertificates } = await rig.status();
      return requestedCertificates.find(({ name, state }) => name === "down.example" && state === "failed");
    });
    assert.match(failed.error ?? "", /^(dns|unauthorized|connection): /);
    const wait = (failed.nextAt ?? 0) - (failed.attemptedAt ?? 0);
    assert.ok(wait >= 600_000 && wait < 700_000, `${wait} ms`);
    assert.match(await explained("down.example"), /ACME certificate down\.example: failed: .+; next attempt at 20/);
    assert.equal((await plain("down.example")).status, 200);
    assert.ok(
      rig.logged.some(({ event, certificate }) => event === "certificate.failed" && certificate === "down.example"),
    );

    await authority.repairName("down.example");
    client.retry();
    await eventually("the name has a certificate", async () => await shown("down.example"), 60_000);
  });

  test("lists hostile and mistaken requests safely, and nginx serves all hosts", async () => {
    const requests: readonly (readonly [name: string, request: Record<string, string>, remark: RegExp | undefined])[] =
      [
        ["h1", { LETSENCRYPT_HOST: "h1.example;reboot" }, /invalid value "h1\.example;reboot": /],
        ["h2", { LETSENCRYPT_HOST: "$(id).example" }, /not a DNS name/],
        ["h3", { LETSENCRYPT_HOST: "../h3.example" }, /not a DNS name/],
        ["h4", { LETSENCRYPT_HOST: "--h4.example" }, /not a DNS name/],
        ["h5", { LETSENCRYPT_HOST: "%n%s.example" }, /not a DNS name/],
        ["h6", { LETSENCRYPT_HOST: "h6.example", LETSENCRYPT_EMAIL: "a'$(id)@x.example" }, /not an e-mail address/],
        [
          "h7",
          { LETSENCRYPT_HOST: "h7.example", ACME_CA_URI: "https://evil.example/dir" },
          /`containersMay: \[acmeAuthority\]`/,
        ],
        ["h8", { LETSENCRYPT_HOST: "h8.example", LETSENCRYPT_TEST: "maybe" }, /not true or false/],
        ["h9", { LETSENCRYPT_HOST: "blog.example,h9.example" }, undefined],
        ["h10", { LETSENCRYPT_HOST: "*.h10.example", VIRTUAL_HOST: "*.h10.example" }, undefined],
        ["h11", { LETSENCRYPT_HOST: "true", VIRTUAL_HOST: "127.0.0.9" }, undefined],
        ["h12", { LETSENCRYPT_HOST: "true", HTTPS_METHOD: "nohttps" }, undefined],
        ["h13", { LETSENCRYPT_HOST: "true", CERT_NAME: "other" }, undefined],
        [
          "h14",
          { LETSENCRYPT_HOST: `${"a".repeat(60)}.h14.example`, VIRTUAL_HOST: `${"a".repeat(60)}.h14.example` },
          undefined,
        ],
        [
          "h15",
          { LETSENCRYPT_HOST: Array.from({ length: 101 }, (_, at) => `n${at}.example`).join() },
          /more than 100 names/,
        ],
      ];
    // What is listed here is not ordered.
    await stopClient();
    const image = { fromImage: { read: true, env: ["LETSENCRYPT_HOST"], labels: [] } };
    rig.update([
      ...(await Promise.all(
        requests.map(async ([name, env]) => await rig.app(name, { VIRTUAL_HOST: `${name}.example`, ...env })),
      )),
      await rig.app("vendor", { VIRTUAL_HOST: "vendor.example", LETSENCRYPT_HOST: "vendor.example" }, image),
    ]);
    await eventually("all are served", async () => (await plain("vendor.example")).status === 200);
    const wanted = await eventually("the list has them", () => {
      const found = readWanted(join(directory, "wanted.json"));
      return Array.isArray(found) && found.some(({ file }) => file === "h9.example") && found;
    });
    const files = wanted
      .map(({ file }: { file: string }) => file)
      .filter((file: string) => /^(h[0-9]|vendor|other|blog)/.test(file));
    assert.deepEqual(files, ["blog.example", "h6.example", "h7.example", "h8.example", "h9.example"]);
    assert.ok(!readFileSync(join(directory, "wanted.json"), "utf8").includes("evil"));
    const { warnings, requestedCertificates } = await rig.status();
    for (const [name, , remark] of requests) {
      if (remark)
        assert.ok(
          warnings.some((one) => one.name === name && remark.test(one.reason)),
          name,
        );
    }
    assert.ok(warnings.some(({ name, reason }) => name === "vendor" && reason.includes("set by the image")));
    const refused = new Map(requestedCertificates.map(({ name, state, error = "" }) => [name, `${state}: ${error}`]));
    for (const [name, reason] of [
      ["*.h10.example", /^refused: a certificate for a wildcard needs DNS-01/],
      ["127.0.0.9", /^refused: .*not for addresses$/],
      ["h12.example", /^refused: HTTPS_METHOD is nohttps/],
      ["h13.example", /^refused: CERT_NAME selects the certificate other/],
      [`${"a".repeat(60)}.h14.example`, /^refused: longer than 64 characters/],
    ] as const) {
      assert.match(refused.get(name) ?? "", reason, name);
    }
    rig.update([], (await rig.status()).virtualHosts.length > 0 ? rig.idsOf(/^h[0-9]|^vendor$/) : []);
    await eventually("they are gone", () => {
      const found = readWanted(join(directory, "wanted.json"));
      return Array.isArray(found) && !found.some(({ file }) => file.startsWith("h"));
    });
    startClient();
  });

  test("renews a certificate that expires soon, and keeps the old one until then", async () => {
    await stopClient();
    // A version as the client installs it, which expires in 10 days.
    const own = join(certificates, "acme", "good.example");
    const old = makeAgedCertificate(rig.directory, "old", "good.example", -80, 10);
    const version = new X509Certificate(old).fingerprint256.replaceAll(":", "").toLowerCase();
    mkdirSync(join(own, version));
    cpSync(join(rig.directory, "old.crt"), join(own, version, "crt.pem"));
    cpSync(join(rig.directory, "old.key"), join(own, version, "key.pem"));
    symlinkSync(version, join(own, "next"));
    renameSync(join(own, "next"), join(own, "current"));
    const progress = readProgress(join(certificates, "acme.json")) as readonly Progress[];
    const later = progress.map((one) => (one.file === "good.example" ? { ...one, nextAt: 0 } : one));
    writeFileSync(join(certificates, "acme.json"), JSON.stringify({ version: 1, certificates: later }));
    await eventually("nginx presents it", async () => {
      const { fingerprint } = await rig.ask({ host: "good.example", tls: true, port: tlsPort });
      return fingerprint?.replaceAll(":", "").toLowerCase() === version;
    });
    startClient();
    await eventually("the new certificate is presented", async () => await shown("good.example"), 60_000);
    await eventually("only the new version is left", () => readdirSync(own).length === 2);
  });

  test("never replaces files that it did not install", async () => {
    const own = makeCertificate(certificates, "mine.example", ["mine.example"]);
    // A file that was copied over an installed one is written through the link.
    const copied = makeCertificate(rig.directory, "copied", ["down.example"]);
    writeFileSync(join(certificates, "down.example.crt"), copied);
    rig.update([await rig.app("mine", { VIRTUAL_HOST: "mine.example", LETSENCRYPT_HOST: "mine.example" })]);
    await eventually("the client reports both", () =>
      ["mine.example", "down.example"].every((file) => progressOf(file)?.state === "foreign"),
    );
    assert.equal(readFileSync(join(certificates, "mine.example.crt"), "utf8"), own);
    assert.equal(readFileSync(join(certificates, "down.example.crt"), "utf8"), copied);
    await eventually("nginx presents it", async () => {
      const { fingerprint } = await rig.ask({ host: "mine.example", tls: true, port: tlsPort });
      return fingerprint === new X509Certificate(own).fingerprint256;
    });
    await eventually("`explain` reports it", async () =>
      /ACME certificate mine\.example: your own: /.test(await explained("mine.example")),
    );
  });

  test("keeps the last valid list while the file is damaged", async () => {
    const list = join(directory, "wanted.json");
    const valid = readFileSync(list);
    const issuedBefore = progressOf("shop.example");
    // Each has another error, and an error is logged once.
    for (const garbage of [
      "{",
      "[]",
      '{"version":1}',
      '{"version":1,"certificates":[{"file":"../x","names":["x.example"],"owner":""}]}',
      '{"version":1,"certificates":[{"file":"x.example","names":["x.example$(id)"],"owner":""}]}',
      '{"version":1,"certificates":[{"file":"x.example","names":["x.example"],"owner":"","authority":"file:///etc/passwd"}]}',
    ]) {
      logged.length = 0;
      writeFileSync(list, garbage);
      await eventually(`reports ${garbage}`, () => {
        client.retry();
        return logged.some(({ event }) => event === "acme.rejected");
      });
    }
    writeFileSync(list, valid);
    assert.deepEqual(progressOf("shop.example"), issuedBefore);
    assert.equal(progressOf("x.example"), undefined);
  });

  test("reports an account that the authority deactivated, and registers a new one when it is removed", async () => {
    const account = readdirSync(join(state, "accounts"))[0]!;
    const copy = join(rig.directory, "deactivating");
    cpSync(join(state, "accounts", account), join(copy, "accounts"), { recursive: true });
    const config = `CA='${authority.url}'\nCURL_OPTS='--cacert ${authority.trusted}'\nWELLKNOWN='${webroot}'\n`;
    writeFileSync(join(copy, "config"), config);
    execFileSync("dehydrated", ["--deactivate", "--config", join(copy, "config")], {
      env: { PATH: programPath() },
      stdio: "ignore",
    });
    rig.update([await rig.app("late", { VIRTUAL_HOST: "late.example", LETSENCRYPT_HOST: "late.example" })]);
    const { error = "" } = await failedWith("late.example", /remove /);
    assert.ok(error.endsWith(`; to register a new account, remove ${join(state, "accounts", account)}`), error);
    assert.ok(await shown("shop.example"));
    renameSync(join(state, "accounts", account), join(rig.directory, "removed"));
    client.retry();
    await eventually("the name has a certificate", async () => await shown("late.example"), 60_000);
  });

  test("keeps certificates while the authority is down, and reports it", async () => {
    const down = await freePort();
    await stopClient();
    startClient(`https://localhost:${down}/dir`);
    rig.update([await rig.app("new", { VIRTUAL_HOST: "new.example", LETSENCRYPT_HOST: "new.example" })]);
    await failedWith("new.example", /^cannot reach https:\/\/localhost:[0-9]+\/dir: the connection was refused$/);
    assert.ok(await shown("shop.example"));
    assert.equal((await plain("new.example")).status, 200);
    await stopClient();
  });
});

/** A hook for dehydrated that creates and removes records of the authority's resolver. */
const HOOK = `#!/bin/sh
case $1 in
deploy_challenge) path=set-txt data="{\\"host\\":\\"_acme-challenge.$2.\\",\\"value\\":\\"$4\\"}" ;;
clean_challenge) path=clear-txt data="{\\"host\\":\\"_acme-challenge.$2.\\"}" ;;
*) exit 0 ;;
esac
echo "$1 $2" >>"$HOOK_LOG"
exec curl -sf "$RESOLVER/$path" -d "$data"
`;

describe("certificates by DNS-01, from an authority that requires an external account", { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-dns-"));
  const authority = new AcmeAuthority(join(directory, "pebble"));
  const [certificates, hook, calls] = ["certificates", "hook", "calls"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const external = { id: "account-1", key: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" };
  before(async () => {
    // No port can be reached for HTTP-01.
    await authority.start(await freePort(), "127.0.0.1", { [external.id]: external.key });
    writeFileSync(hook, HOOK, { mode: 0o755 });
    mkdirSync(join(directory, "programs"));
    writeFileSync(join(directory, "programs", "sleep"), "#!/bin/sh\nexec /bin/sleep 0.05\n", { mode: 0o755 });
  });
  after(async () => {
    await authority.stop();
    await removeDirectory(directory);
  });

  /** Runs the client with these settings until the progress of the wildcard satisfies the condition, and returns it. */
  async function runUntil(settings: Partial<AcmeSettings>, isDone: (progress: Progress) => boolean): Promise<Progress> {
    const ending = new AbortController();
    const paths = { wanted: join(directory, "wanted.json"), state: join(directory, "state"), certificates };
    const fixed = { ...paths, challenges: directory, authority: authority.url, trusted: authority.trusted, hook };
    const env = {
      PATH: `${join(directory, "programs")}:${programPath()}`,
      RESOLVER: authority.resolverUrl,
      HOOK_LOG: calls,
    };
    const client = new AcmeLoop({ ...fixed, ...settings }, env, () => undefined);
    client.retry();
    const running = client.run(ending.signal);
    try {
      return await eventually(
        "the client is done",
        () => {
          const found = readProgress(join(certificates, "acme.json"));
          return typeof found !== "string" && found[0] && isDone(found[0]) && found[0];
        },
        60_000,
      );
    } finally {
      ending.abort();
      await running;
    }
  }

  test("a wildcard is issued with a hook and the key of the account, without any port", async () => {
    const names = ["*.dns.example", "dns.example"];
    writeFileSync(
      join(directory, "wanted.json"),
      printWanted([{ file: "wildcard.dns.example", names, owner: "test" }]),
    );
    const refused = await runUntil({}, ({ state }) => state === "failed");
    assert.match(
      refused.error ?? "",
      /^the authority requires an external account; set ACME_EAB_KID and ACME_EAB_HMAC_KEY$/,
    );
    const wrong = { ...external, id: "account-2" };
    const rejected = await runUntil({ external: wrong }, ({ failures }) => failures > 1);
    assert.match(rejected.error ?? "", /^(unauthorized|malformed): /);
    await runUntil({ external }, ({ state }) => state === "issued");
    const issued = new X509Certificate(readFileSync(join(certificates, "wildcard.dns.example.crt")));
    assert.deepEqual(
      (issued.subjectAltName ?? "").split(", ").toSorted(),
      names.map((name) => `DNS:${name}`),
    );
    assert.deepEqual(
      [...new Set(readFileSync(calls, "utf8").trim().split("\n"))],
      ["deploy_challenge dns.example", "clean_challenge dns.example"],
    );
    assert.ok(!JSON.stringify([refused, rejected]).includes(external.key));
  });
});
