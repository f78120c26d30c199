import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { HostName } from "../../../renderer/routes/grammar.ts";
import {
  askMaintenance,
  askRelease,
  askStatus,
  serveStatus,
  StatusSocketError,
} from "../../../renderer/status/socket.ts";
import { EMPTY_REPORT as REPORT } from "./example-report.ts";

const released: (string | undefined)[] = [];
const maintained: (readonly [string, boolean])[] = [];
const SERVED = {
  report: () => REPORT,
  release: (host: string | undefined) => {
    released.push(host);
    return host === "a.example" ? "project shop" : undefined;
  },
  maintain: (host: HostName, isOn: boolean) => {
    maintained.push([host, isOn]);
    return true;
  },
};

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
    const status = await serveStatus(path, SERVED);
    assert.deepEqual(await askStatus(path), REPORT);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    status.close();
  });

  test("passes on which host name to release, and returns its former owner", async () => {
    const status = await serveStatus(path, SERVED);
    assert.equal(await askRelease(path, "a.example"), "project shop");
    assert.equal(await askRelease(path, undefined), undefined);
    assert.deepEqual(released.splice(0), ["a.example", undefined]);
    status.close();
  });

  test("passes on which host name is under maintenance", async () => {
    const status = await serveStatus(path, SERVED);
    assert.equal(await askMaintenance(path, "a.example" as HostName, true), true);
    assert.equal(await askMaintenance(path, "a b" as HostName, true), false);
    assert.deepEqual(maintained.splice(0), [["a.example", true]]);
    status.close();
  });

  for (const [what, text] of [
    ["too large", "x".repeat(2_000)] as const,
    ["not JSON", "release a.example"] as const,
    ["unknown", '{"releases":{}}'] as const,
  ]) {
    test(`ends the connection without a response when a request is ${what}`, async () => {
      const status = await serveStatus(path, SERVED);
      const socket = net.connect({ path, allowHalfOpen: true });
      socket.end(text);
      let response = "";
      socket.on("data", (chunk) => (response += String(chunk))).on("error", () => undefined);
      await once(socket, "close");
      assert.equal(response, "");
      assert.deepEqual(await askStatus(path), REPORT);
      status.close();
    });
  }

  test("replaces the socket of a renderer that was killed", async () => {
    const killed = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    assert.equal(spawnSync(process.execPath, ["-e", killed, path]).signal, "SIGKILL");
    assert.ok(statSync(path).isSocket());
    const status = await serveStatus(path, SERVED);
    assert.deepEqual(await askStatus(path), REPORT);
    status.close();
  });

  test("never removes a file that is not a socket", async () => {
    writeFileSync(path, "precious");
    await assert.rejects(serveStatus(path, SERVED), rejection(/not a socket; choose another path/));
    assert.equal(readFileSync(path, "utf8"), "precious");
  });

  test("rejects the socket of a running renderer", async () => {
    const status = await serveStatus(path, SERVED);
    await assert.rejects(serveStatus(path, SERVED), rejection(/used by another renderer; stop it/));
    assert.deepEqual(await askStatus(path), REPORT);
    status.close();
  });

  test("reports a missing directory", async () => {
    await assert.rejects(
      serveStatus(join(directory, "missing", "s"), SERVED),
      rejection(/[A-Z]+; the directory must exist/),
    );
  });
});
