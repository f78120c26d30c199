import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { syncBuiltinESMExports } from "node:module";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { linkedDirectories } from "../../../renderer/disk/linked-directories.ts";
import { watchDirectory } from "../../../renderer/disk/watch-directory.ts";
import { logUnwatched } from "../../../renderer/targets/unwatched.ts";
import { eventually } from "../../eventually.ts";

describe("watchDirectory", () => {
  let root: string;
  let stop: AbortController;
  let calls: number;
  const at = (...names: readonly string[]): string => join(root, ...names);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "sallyport-watch-"));
    mkdirSync(at("watched"));
    stop = new AbortController();
    calls = 0;
  });
  afterEach(() => {
    stop.abort();
    rmSync(root, { recursive: true });
  });

  const start = (): void => watchDirectory(at("watched"), () => (calls += 1), stop.signal);
  const isReported = async (what: string, change: () => void): Promise<void> => {
    // Events of earlier changes are delivered before the next turn.
    await turn();
    const before = calls;
    change();
    await eventually(what, () => calls > before);
  };

  test("logs once that directories cannot be watched, and that all are watched again", () => {
    const events: string[] = [];
    logUnwatched((level, event, { path = "", reason = "" } = {}) => events.push(`${level} ${event} ${path} ${reason}`));
    for (const name of ["one", "two"]) mkdirSync(at(name));
    const watchAll = (): void =>
      ["one", "two"].forEach((name) => watchDirectory(at(name), () => undefined, stop.signal));
    // The kernel has a limit for all processes of a user.
    const limited = mock.method(fs, "watch", () => {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    });
    syncBuiltinESMExports();
    watchAll();
    limited.mock.restore();
    syncBuiltinESMExports();
    assert.deepEqual(events, [`warn watch.failed ${at("one")} ENOSPC: changes of files are found within 60 s only`]);
    watchAll();
    assert.deepEqual(events.slice(1), ["info watch.restored  "]);
  });

  test("reports a file in the directory", async () => {
    start();
    await isReported("a new file", () => writeFileSync(at("watched", "file"), ""));
  });

  test("reports a change of a link's target, also for later links", async () => {
    for (const name of ["a.example", "b.example"]) mkdirSync(at("watched", name));
    symlinkSync("./a.example/fullchain.pem", at("watched", "a.example.crt"));
    start();
    await isReported("the first", () => writeFileSync(at("watched", "a.example", "fullchain.pem"), "1"));
    await isReported("a link", () => symlinkSync("./b.example/fullchain.pem", at("watched", "b.example.crt")));
    await isReported("the second", () => writeFileSync(at("watched", "b.example", "fullchain.pem"), "1"));
    await isReported("the second again", () => writeFileSync(at("watched", "b.example", "fullchain.pem"), "2"));
  });

  test("reports a changed link in a chain of links, as certbot renews", async () => {
    for (const name of ["live", "archive"]) mkdirSync(at(name));
    symlinkSync("../archive/fullchain1.pem", at("live", "fullchain.pem"));
    symlinkSync("../live/fullchain.pem", at("watched", "a.example.crt"));
    start();
    assert.deepEqual(linkedDirectories(at("watched")), [at("live"), at("archive")]);
    await isReported("a new version", () => writeFileSync(at("archive", "fullchain2.pem"), "2"));
    await isReported("a changed link", () => {
      symlinkSync("../archive/fullchain2.pem", at("live", "fullchain.new"));
      renameSync(at("live", "fullchain.new"), at("live", "fullchain.pem"));
    });
  });

  test("watches a directory that replaces the watched one", async () => {
    start();
    await isReported("a replaced directory", () => {
      rmSync(at("watched"), { recursive: true });
      mkdirSync(at("watched"));
    });
    await isReported("a file in the new directory", () => writeFileSync(at("watched", "file"), ""));
  });

  test("ignores dangling and circular links", async () => {
    symlinkSync("round", at("watched", "round"));
    symlinkSync("/nowhere/at/all", at("watched", "nowhere"));
    start();
    await isReported("a new file", () => writeFileSync(at("watched", "file"), ""));
  });

  test("reports nothing after the signal aborts", async () => {
    start();
    stop.abort();
    writeFileSync(at("watched", "file"), "");
    const again = new AbortController();
    let otherCalls = 0;
    watchDirectory(at("watched"), () => (otherCalls += 1), again.signal);
    writeFileSync(at("watched", "file"), "2");
    await eventually("another watch reports", () => otherCalls > 0);
    again.abort();
    assert.equal(calls, 0);
  });
});
