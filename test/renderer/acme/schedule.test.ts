import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { failureOf } from "../../../renderer/acme/failure.ts";
import { readProgress } from "../../../renderer/acme/progress.ts";
import { afterFailure, type Attempt, MAX_ATTEMPTS, nextTurn, renewalOf } from "../../../renderer/acme/schedule.ts";
import { parseSettings } from "../../../renderer/acme/settings.ts";
import { CertificateFiles } from "../../../renderer/acme/store.ts";
import { MAX_WANTED } from "../../../renderer/acme/wanted.ts";
import { NO_CERTIFICATES } from "../../../renderer/nginx/certificates/directory.ts";
import { wantedCertificates } from "../../../renderer/nginx/certificates/wanted.ts";
import type { HostName } from "../../../renderer/routes/grammar.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { requires } from "../../requires.ts";
import { unmount } from "../../unmount.ts";
import { makeCertificate } from "../nginx/certificate-files.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 28);

const problem = (type: string, detail: string): string =>
  `{\n  "type": "urn:ietf:params:acme:error:${type}",\n  "detail": "${detail}",\n  "status": 400\n}\n`;
const request =
  "  + ERROR: An error occurred while sending post-request to https://ca.example/order (Status 400)\n\nDetails:\n";

describe("the reason of a failed order", () => {
  for (const [title, output, expected] of [
    [
      "a rejected name",
      request + problem("rejectedIdentifier", "Domain name does not end with a valid public suffix (TLD)"),
      { reason: "rejectedIdentifier: Domain name does not end with a valid public suffix (TLD)" },
    ],
    [
      "a rate limit with a time in seconds",
      `${request}HTTP/2 429\r\nretry-after: 7200\r\n\r\n${problem("rateLimited", "too many certificates")}`,
      { reason: "rateLimited: too many certificates", retryAfterMs: 120 * MINUTE },
    ],
    [
      "a rate limit with a date",
      `${request}Retry-After: ${new Date(NOW + DAY).toUTCString()}\r\n${problem("rateLimited", "later")}`,
      { reason: "rateLimited: later", retryAfterMs: DAY },
    ],
    [
      "a rate limit without a time",
      request + problem("rateLimited", "later"),
      { reason: "rateLimited: later", retryAfterMs: 60 * MINUTE },
    ],
    [
      "a failed challenge, as dehydrated flattens it",
      'ERROR: Challenge is invalid! (returned: invalid) (result: ["type"]\t"http-01"\n["error","type"]\t"urn:ietf:params:acme:error:dns"\n["error","detail"]\t"no A record for \\"x.example\\""\n)',
      { reason: 'dns: no A record for "x.example"' },
    ],
    [
      "a deactivated account",
      request + problem("unauthorized", "Account has been deactivated"),
      { reason: "unauthorized: Account has been deactivated", cause: "account" },
    ],
    [
      "a lost account",
      request + problem("accountDoesNotExist", "unable to find account"),
      { reason: "accountDoesNotExist: unable to find account", cause: "unknown account" },
    ],
    [
      "an authority that is down",
      "ERROR: Problem connecting to server (get for https://ca.example/dir; curl returned with 7)\n",
      { reason: "cannot reach https://ca.example/dir: the connection was refused", cause: "connection" },
    ],
    [
      "a full disk",
      "/usr/bin/dehydrated: line 9: /state/x: No space left on device\n",
      { reason: "/usr/bin/dehydrated: line 9: /state/x: No space left on device" },
    ],
    ["text that controls a terminal", "ERROR: \u001b[2J\u0007error \u2028x", { reason: "ERROR:  [2J error  x" }],
    ["no output", "", { reason: "dehydrated printed no message" }],
  ] as const) {
    test(title, () => assert.deepEqual(failureOf(output, NOW), expected));
  }
  test("is one line of limited length", () => {
    const { reason } = failureOf(request + problem("malformed", "x".repeat(10_000)), NOW);
    assert.ok(reason.length === 500 && reason.endsWith("..."));
  });
});

describe("the next attempt", () => {
  const wanted = (file: string, owner: string) => ({ file, names: [file], owner });
  const due = (file: string, owner: string, at = 0) => ({ wanted: wanted(file, owner), at });
  const attempts = (count: number, owner: string, at = NOW - MINUTE): Attempt[] =>
    Array.from({ length: count }, () => ({ owner, at }));

  test("waits 10 minutes, doubled up to a day, and as long as the authority requires, at most a week", () => {
    const minutes = [1, 2, 3, 8, 9, 1_000].map(
      (failures) => (afterFailure({ reason: "" }, failures, NOW) - NOW) / MINUTE,
    );
    assert.deepEqual(minutes, [10, 20, 40, 1_280, 1_440, 1_440]);
    assert.equal(afterFailure({ reason: "", retryAfterMs: 2 * DAY }, 1, NOW) - NOW, 2 * DAY);
    assert.equal(afterFailure({ reason: "", retryAfterMs: 1_000 * DAY }, 1, NOW) - NOW, 7 * DAY);
    assert.equal(afterFailure({ reason: "", cause: "connection" }, 100, NOW) - NOW, 60 * MINUTE);
  });

  test("is that of the owner with the fewest attempts", () => {
    const turn = nextTurn([due("a1", "a"), due("a2", "a"), due("b1", "b", 5)], attempts(1, "a"), NOW);
    assert.deepEqual(turn, { wanted: wanted("b1", "b") });
  });

  test("waits while one owner has had half of the attempts of an hour, and others do not", () => {
    const half = attempts(MAX_ATTEMPTS / 2, "a");
    assert.deepEqual(nextTurn([due("a1", "a")], half, NOW), { at: NOW + 59 * MINUTE });
    assert.deepEqual(nextTurn([due("a1", "a"), due("b1", "b")], half, NOW), { wanted: wanted("b1", "b") });
    const all = [...half, ...attempts(MAX_ATTEMPTS / 2, "c")];
    assert.deepEqual(nextTurn([due("b1", "b")], all, NOW), { at: NOW + 59 * MINUTE });
    assert.deepEqual(nextTurn([due("b1", "b")], attempts(MAX_ATTEMPTS, "c", NOW - DAY), NOW), {
      wanted: wanted("b1", "b"),
    });
  });

  test("is not before its time, and does not happen without a wanted certificate", () => {
    assert.deepEqual(nextTurn([due("a1", "a", NOW + 5), due("b1", "b", NOW + 3)], [], NOW), { at: NOW + 3 });
    assert.deepEqual(nextTurn([], [], NOW), { at: undefined });
  });

  test("renews 30 days before the end, or when a third of a short lifetime is left", () => {
    assert.equal(renewalOf({ notBefore: 0, notAfter: 90 * DAY }), 60 * DAY);
    assert.equal(renewalOf({ notBefore: 0, notAfter: 365 * DAY }), 335 * DAY);
    assert.equal(renewalOf({ notBefore: 0, notAfter: 6 * DAY }), 4 * DAY);
  });
});

test("settings that a shell or curl could misread are rejected with their name", () => {
  for (const [name, value] of [
    ["ACME_CA_URI", "http://ca.example/dir"],
    ["ACME_CA_URI", "https://ca.example/$(id)"],
    ["DEFAULT_EMAIL", "a'b@example.com"],
    ["SALLYPORT_ACME_HOOK", "hook.sh"],
    ["CA_BUNDLE", "/etc/a --insecure"],
    ["LETSENCRYPT_TEST", "maybe"],
  ] as const) {
    const parsed = parseSettings({ [name]: value });
    assert.ok(
      "problems" in parsed && parsed.problems.length === 1 && parsed.problems[0]!.startsWith(`${name}: "`),
      value,
    );
  }
  for (const [external, problem] of [
    [{ ACME_EAB_KID: 'a"b', ACME_EAB_HMAC_KEY: "abc" }, /^ACME_EAB_KID: "a\\"b" is not a key identifier/],
    [
      { ACME_EAB_KID: "a", ACME_EAB_HMAC_KEY: "secret+/" },
      /^ACME_EAB_HMAC_KEY: the value is not base64url; correct it$/,
    ],
    [{ ACME_EAB_KID: "a" }, /^ACME_EAB_KID, ACME_EAB_HMAC_KEY: only one of the two is set; set both$/],
  ] as const) {
    const parsed = parseSettings(external);
    assert.match("problems" in parsed ? parsed.problems.join("\n") : "", problem);
  }
  assert.ok(!("problems" in parseSettings({ DEFAULT_EMAIL: "" })));
});

test("LETSENCRYPT_TEST selects the test service of Let's Encrypt unless another authority is set", () => {
  const authorityOf = (env: Record<string, string>): string | undefined => {
    const parsed = parseSettings(env);
    return "authority" in parsed ? parsed.authority : undefined;
  };
  assert.match(authorityOf({ LETSENCRYPT_TEST: "true" }) ?? "", /acme-staging/);
  assert.equal(
    authorityOf({ LETSENCRYPT_TEST: "true", ACME_CA_URI: "https://ca.example/dir" }),
    "https://ca.example/dir",
  );
});

test("a progress that is missing, garbage or a directory is not read as issued certificates", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-acme-"));
  const path = join(directory, "acme.json");
  assert.equal(readProgress(path), "missing");
  for (const text of [
    "",
    "[]",
    '{"version":1,"certificates":[{"file":"x","names":[],"state":"issued","failures":-1}]}',
  ]) {
    writeFileSync(path, text);
    assert.equal(readProgress(path), "damaged");
  }
  rmSync(path);
  mkdirSync(path);
  assert.equal(readProgress(path), "damaged");
  rmSync(directory, { recursive: true });
});

test("a full disk keeps the installed certificate", { skip: requires("root", "mount", "openssl") }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-acme-"));
  const volume = join(directory, "volume");
  mkdirSync(volume);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", volume]);
  try {
    const issued = (days: number) => ({
      chain: Buffer.from(makeCertificate(directory, "x.example", ["x.example"], days)),
      key: readFileSync(join(directory, "x.example.key")),
    });
    const files = new CertificateFiles(volume);
    await files.install({ file: "x.example" }, issued(90));
    const before = files.find("x.example");
    assert.equal(before.kind, "installed");
    const listed = readdirSync(join(volume, "acme", "x.example")).toSorted();
    assert.throws(() => writeFileSync(join(volume, "filled"), Buffer.alloc(128 * 1024)), { code: "ENOSPC" });
    await assert.rejects(files.install({ file: "x.example" }, issued(180)), /ENOSPC/);
    assert.deepEqual(files.find("x.example"), before);
    assert.deepEqual(readdirSync(join(volume, "acme", "x.example")).toSorted(), listed);
    rmSync(join(volume, "filled"));
    await files.install({ file: "x.example" }, issued(180));
    assert.notDeepEqual(files.find("x.example"), before);
  } finally {
    await unmount(volume);
    await removeDirectory(directory);
  }
});

test("requests of one owner beyond the limit refuse no certificate of another owner, nor one named `default`", () => {
  const hosts = [...Array.from({ length: MAX_WANTED }, (_, at) => `a${at}.example`), "default", "z.example"];
  const owners = new Map(
    hosts.map((host) => [host, { owner: host.startsWith("a") ? "project many" : `project ${host}` }]),
  );
  const virtualHosts = hosts
    .toSorted()
    .map((host) => ({ host: host as HostName, paths: [], options: { acme: "each" as const } }));
  const https = {
    listen: 8443,
    port: 443,
    directory: "/certs",
    challenges: "/html",
    hstsSeconds: 0,
    certificates: NO_CERTIFICATES,
    acme: { dns: false },
  };
  const { certificates, refused } = wantedCertificates(virtualHosts, owners, { listen: 8080, https });
  assert.equal(certificates.length, MAX_WANTED);
  assert.ok(certificates.some(({ file }) => file === "z.example"));
  assert.deepEqual([refused.length, refused.some(({ name }) => name === "default")], [2, true]);
});
