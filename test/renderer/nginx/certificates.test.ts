import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, mock, test } from "node:test";
import { unusedFiles } from "../../../renderer/nginx/access.ts";
import { chooseCertificate } from "../../../renderer/nginx/certificates/choose.ts";
import { clientFilesOf } from "../../../renderer/nginx/certificates/clients.ts";
import { readCertificates } from "../../../renderer/nginx/certificates/directory.ts";
import { CertificateStore } from "../../../renderer/nginx/certificates/store.ts";
import { findFile } from "../../../renderer/nginx/files.ts";
import { KnownFiles } from "../../../renderer/nginx/operator-files/known-files.ts";
import type { NginxSettings } from "../../../renderer/nginx/settings.ts";
import { CertificateAuthority } from "./certificate-authority.ts";
import { makeCertificate } from "./certificate-files.ts";
import { requires } from "../../requires.ts";

const HTTPS = { listen: 443, port: 443, challenges: "/challenges", hstsSeconds: 0 };

const memory = new KnownFiles(undefined, () => undefined);

describe("certificates of a directory", { skip: requires("openssl") }, () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "sallyport-certificates-"));
    makeCertificate(directory, "a.example", ["a.example"]);
    makeCertificate(directory, "b.example", ["b.example", "*.b.example"]);
    makeCertificate(directory, "wild", ["*.c.example"], 10);
    makeCertificate(directory, "wilder", ["*.c.example"], 400);
    makeCertificate(directory, "other", ["other.example"]);
    makeCertificate(directory, "main.example", ["main.example"]);
    makeCertificate(directory, "named.example", ["elsewhere.example"]);
    makeCertificate(directory, "locked.example", ["locked.example"]);
    const locked = join(directory, "locked.example.key");
    execFileSync("openssl", ["pkey", "-in", locked, "-aes256", "-passout", "pass:x", "-out", `${locked}.new`]);
    renameSync(`${locked}.new`, locked);
    copyFileSync(join(directory, "a.example.crt"), join(directory, "mixed.crt"));
    copyFileSync(join(directory, "b.example.key"), join(directory, "mixed.key"));
    writeFileSync(join(directory, "garbage.crt"), "not a certificate");
    writeFileSync(join(directory, "garbage.key"), "nor a key");
    writeFileSync(join(directory, "alone.crt"), "without a key");
    execFileSync("mkfifo", [join(directory, "waits.crt"), join(directory, "keyless.key")]);
    writeFileSync(join(directory, "waits.key"), "without a certificate");
    copyFileSync(join(directory, "a.example.crt"), join(directory, "keyless.crt"));
    copyFileSync(join(directory, "a.example.crt"), join(directory, "a; evil.crt"));
    copyFileSync(join(directory, "a.example.key"), join(directory, "a; evil.key"));
  });
  after(() => rmSync(directory, { recursive: true }));

  test("pairs certificates with matching keys, reports the others with a reason, and does not block on a FIFO", () => {
    const { usable, invalid } = readCertificates(directory);
    assert.deepEqual(
      [...usable.keys()],
      ["a.example", "b.example", "main.example", "named.example", "other", "wild", "wilder"],
    );
    assert.deepEqual(
      invalid.map(({ stem }) => stem),
      ["a; evil", "garbage", "keyless", "locked.example", "mixed", "waits"],
    );
    const reasonOf = (stem: string): string => invalid.find((one) => one.stem === stem)?.reason ?? "";
    assert.match(reasonOf("mixed"), /mixed\.key does not match mixed\.crt/);
    assert.match(reasonOf("locked.example"), /locked\.example\.key is protected by a passphrase.*openssl pkey -in/);
  });

  const choices: readonly [host: string, named: string | undefined, stem: string | undefined][] = [
    ["a.example", undefined, "a.example"],
    ["x.b.example", undefined, "b.example"],
    ["*.b.example", undefined, "b.example"],
    ["x.y.b.example", undefined, undefined],
    ["x.c.example", undefined, "wilder"],
    ["c.example", undefined, undefined],
    // A certificate that does not cover the host would send clients from HTTP to a TLS error.
    ["crm.main.example", undefined, undefined],
    ["named.example", undefined, undefined],
    ["named.example", "named.example", "named.example"],
    ["elsewhere.example", undefined, "named.example"],
    ["locked.example", undefined, undefined],
    ["example", undefined, undefined],
    ["a.example", "other", "other"],
    ["a.example", "missing", undefined],
    ["a.example", "mixed", undefined],
  ];
  for (const [host, named, stem] of choices) {
    test(`${host}${named === undefined ? "" : ` with CERT_NAME ${named}`} gets ${stem ?? "none"}`, () => {
      assert.equal(chooseCertificate(host, named, readCertificates(directory))?.stem, stem);
    });
  }

  test("reports an unreadable directory once and returns no certificates", () => {
    const logged: string[] = [];
    const store = new CertificateStore(join(directory, "missing"), memory, (_level, event, fields) =>
      logged.push(`${event} ${String(fields?.["reason"])}`),
    );
    assert.equal(store.certificates.usable.size, 0);
    assert.equal(store.refresh(), false);
    assert.deepEqual(logged, ["certificate.rejected cannot be read (ENOENT); mount or create it"]);
  });

  test("ignores dangling links among the additional files", () => {
    for (const ending of ["dhparam.pem", "chain.pem"])
      symlinkSync(`./gone/${ending}`, join(directory, `other.${ending}`));
    symlinkSync("./gone/dhparam.pem", join(directory, "dhparam.pem"));
    symlinkSync("./gone/ca.crt", join(directory, "other.ca.crt"));
    const { usable, clients, dhparam } = readCertificates(directory);
    assert.deepEqual([usable.get("other")?.extras, dhparam], [undefined, undefined]);
    // A missing CA file must not disable client certificates.
    assert.equal(findFile(clients, ["other.ca.crt"]).kind, "unusable");
  });

  test("NAME.ca.crt is an authority for clients of NAME, unless it is the certificate of the host NAME.ca", () => {
    const own = mkdtempSync(join(tmpdir(), "sallyport-authorities-"));
    try {
      // Of a host, of the hosts below one, of a host whose key is missing, of an authority with its key, and of another name.
      makeCertificate(own, "shop.ca", ["shop.ca"]);
      makeCertificate(own, "wild.ca", ["*.wild.ca"]);
      makeCertificate(own, "keyless.ca", ["keyless.ca"]);
      rmSync(join(own, "keyless.ca.key"));
      const authority = new CertificateAuthority(join(own, "authority"));
      for (const ending of ["crt", "key"]) copyFileSync(authority.path(`ca.${ending}`), join(own, `both.ca.${ending}`));
      makeCertificate(own, "other.ca", ["clients.example"]);
      authority.issue("host", "subjectAltName=DNS:ca");
      for (const ending of ["crt", "key"]) copyFileSync(authority.path(`host.${ending}`), join(own, `ca.${ending}`));
      const certificates = readCertificates(own);
      assert.deepEqual([...certificates.usable.keys()], ["both.ca", "ca", "other.ca", "shop.ca", "wild.ca"]);
      for (const [host, kind] of [
        ["shop", "absent"],
        ["wild", "absent"],
        ["keyless", "applied"],
        ["both", "applied"],
        ["other", "applied"],
        // A container may request the name `ca`.
        ["any", "absent"],
      ] as const) {
        assert.equal(clientFilesOf(host, {}, certificates).kind, kind, host);
      }
      const settings: NginxSettings = { listen: 80, https: { ...HTTPS, directory: own, certificates } };
      const unused = unusedFiles([], settings).map(({ where }) => where);
      assert.deepEqual(unused, [join(own, "both.ca.crt"), join(own, "other.ca.crt")]);
    } finally {
      rmSync(own, { recursive: true });
    }
  });

  describe("whose files disappear", () => {
    const logged: string[] = [];
    let store: CertificateStore;
    let lost: string;
    beforeEach(() => {
      logged.length = 0;
      lost = mkdtempSync(join(tmpdir(), "sallyport-lost-"));
      for (const ending of ["crt", "key"])
        copyFileSync(join(directory, `a.example.${ending}`), join(lost, `a.example.${ending}`));
      store = new CertificateStore(lost, memory, (_level, event, fields) =>
        logged.push(`${event} ${String(fields?.["certificate"])}`),
      );
      mock.timers.enable({ apis: ["Date"], now: 1_000_000_000_000 });
      rmSync(join(lost, "a.example.crt"));
    });
    afterEach(() => {
      mock.timers.reset();
      rmSync(lost, { recursive: true });
    });
    const isUsable = (): boolean => store.certificates.usable.has("a.example");

    test("stays in use for a minute and is reported once", () => {
      assert.deepEqual([store.refresh(), store.refresh(), isUsable()], [false, false, true]);
      assert.deepEqual(logged, ["certificate.missing a.example"]);
      mock.timers.setTime(store.nextEnd!);
      assert.deepEqual([store.refresh(), isUsable(), store.nextEnd], [true, false, undefined]);
    });

    test("stays in use when they return", () => {
      assert.equal(store.refresh(), false);
      copyFileSync(join(directory, "a.example.crt"), join(lost, "a.example.crt"));
      assert.deepEqual([store.refresh(), store.giveUp(), isUsable(), store.nextEnd], [false, false, true, undefined]);
    });

    test("is given up when nginx must load another configuration", () => {
      assert.equal(store.refresh(), false);
      assert.deepEqual([store.giveUp(), isUsable()], [true, false]);
    });
  });

  test("detects changes and reports an expiring certificate once", () => {
    const logged: string[] = [];
    const store = new CertificateStore(directory, memory, (_level, event, fields) =>
      logged.push(`${event} ${String(fields?.["certificate"])}`),
    );
    makeCertificate(directory, "a.example", ["a.example"]);
    assert.equal(store.refresh(), true);
    assert.equal(store.refresh(), false);
    assert.equal(logged.filter((line) => line === "certificate.expiring wild").length, 1);
  });
});
