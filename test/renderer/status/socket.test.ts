import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { askStatus, serveStatus, StatusSocketError } from "../../../renderer/status/socket.ts";
import { EMPTY_REPORT as REPORT } from "./example-report.ts";

describe("the status socket", () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "sallyport-status-"));
    path = join(directory, "status.sock");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const rejection = (message: RegExp) => (error: unknown) =>
    error instanceof StatusSocketError && message.test(error.message);

  test("serves the report to the renderer's user only", async () => {
    const status = await serveStatus(path, () => REPORT);
    assert.deepEqual(await askStatus(path), REPORT);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    status.close();
  });

  test("replaces the socket of a renderer that was killed", async () => {
    const killed = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    assert.equal(spawnSync(process.execPath, ["-e", killed, path]).signal, "SIGKILL");
    assert.ok(statSync(path).isSocket());
    const status = await serveStatus(path, () => REPORT);
    assert.deepEqual(await askStatus(path), REPORT);
    status.close();
  });

  test("never removes a file that is not a socket", async () => {
    writeFileSync(path, "precious");
    await assert.rejects(
      serveStatus(path, () => REPORT),
      rejection(/not a socket; choose another path/),
    );
    assert.equal(readFileSync(path, "utf8"), "precious");
  });

  test("rejects the socket of a running renderer", async () => {
    const status = await serveStatus(path, () => REPORT);
    await assert.rejects(
      serveStatus(path, () => REPORT),
      rejection(/used by another renderer; stop it/),
    );
    assert.deepEqual(await askStatus(path), REPORT);
    status.close();
  });

  test("reports a missing directory", async () => {
    await assert.rejects(
      serveStatus(join(directory, "missing", "s"), () => REPORT),
      rejection(/[A-Z]+; the directory must exist/),
    );
  });
});
