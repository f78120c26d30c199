import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readCertificates } from "../../../renderer/nginx/certificates/directory.ts";
import { findFile } from "../../../renderer/nginx/files.ts";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";
import { makeCertificate } from "./certificate-files.ts";

describe("the self-contained image's copies of certificates", { skip: requires("bash", "openssl") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-copies-"));
  const [from, run] = [join(directory, "certs"), join(directory, "run")];
  const script = join(directory, "certificates.sh");
  const copy = (): void => void execFileSync("bash", [script, "once", String(process.getgid!())], { stdio: "pipe" });
  const guardOf = (name: string): string => findFile(readCertificates(join(run, "certificates")).clients, [name]).kind;

  before(() => {
    for (const path of [from, run, join(run, "certificates")]) mkdirSync(path);
    const text = readFileSync("renderer/self-contained/certificates.sh", "utf8");
    const moved = text.replaceAll("/run/sallyport", run).replaceAll("/etc/nginx/certs", from);
    writeFileSync(script, moved.replaceAll("/etc/nginx/dhparam", join(directory, "dhparam")));
    makeCertificate(from, "good.example.ca", ["good.example"]);
  });
  after(() => rmSync(directory, { recursive: true }));

  test("contain an unusable file for each authority or revocation list that cannot be copied", () => {
    mkdirSync(join(from, "directory.example.ca.crt"));
    symlinkSync("/nonexistent", join(from, "dangling.example.ca.crt"));
    execFileSync("mkfifo", [join(from, "fifo.example.ca.crt")]);
    writeFileSync(join(from, "garbage.example.ca.crt"), "garbage");
    writeFileSync(join(from, "*.wild.example.ca.crt"), "garbage");
    writeFileSync(join(from, "good.example.crl.pem"), "");
    copy();
    assert.equal(guardOf("good.example.ca.crt"), "applied");
    for (const host of ["directory", "dangling", "fifo", "garbage", "*.wild"])
      assert.equal(guardOf(`${host}.example.ca.crt`), "unusable", host);
    assert.equal(guardOf("good.example.crl.pem"), "unusable");
    assert.equal(guardOf("other.example.ca.crt"), "absent");
  });

  test("keep the last good copy of a file that becomes unusable, and the file that confirms a removal", () => {
    rmSync(join(from, "good.example.ca.crt"));
    writeFileSync(join(from, "good.example.ca.crt"), "");
    copy();
    assert.equal(guardOf("good.example.ca.crt"), "applied");
    rmSync(join(from, "good.example.ca.crt"));
    writeFileSync(join(from, "good.example.ca.crt_removed"), "");
    copy();
    assert.equal(guardOf("good.example.ca.crt"), "absent");
    assert.ok(readCertificates(join(run, "certificates")).clients?.released?.has("good.example.ca.crt"));
  });

  test("outlive files that disappear for a moment, which is reported", async () => {
    makeCertificate(from, "links.example", ["links.example"]);
    copy();
    const text = readFileSync(script, "utf8");
    writeFileSync(script, text.replace("kept_seconds=60", "kept_seconds=4"));
    const following = spawn("bash", [script, "follow", String(process.getgid!())], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let reported = "";
    following.stderr.setEncoding("utf8").on("data", (part: string) => (reported += part));
    try {
      for (const ending of ["crt", "key"]) rmSync(join(from, `links.example.${ending}`));
      await eventually("it is reported", () => reported.includes("links.example.key is missing"));
      assert.ok(readCertificates(join(run, "certificates")).usable.has("links.example"));
      await eventually("it is removed", () => !existsSync(join(run, "certificates", "links.example.crt")));
    } finally {
      following.kill();
    }
  });
});
