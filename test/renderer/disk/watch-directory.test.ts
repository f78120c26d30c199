import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { linkedDirectories } from "../../../renderer/disk/linked-directories.ts";
import { watchDirectory } from "../../../renderer/disk/watch-directory.ts";
import { eventually } from "../../eventually.ts";

describe("a watched directory", () => {
  let root: string;
  let stop: AbortController;
  let told: number;
  const at = (...names: readonly string[]): string => join(root, ...names);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "sallyport-watch-"));
    mkdirSync(at("watched"));
    stop = new AbortController();
    told = 0;
  });
  afterEach(() => {
    stop.abort();
    rmSync(root, { recursive: true });
  });

  const start = (): void => watchDirectory(at("watched"), () => (told += 1), stop.signal);
  const isTold = async (what: string, change: () => void): Promise<void> => {
    // What was told before is over when nothing is on its way any more.
    await turn();
    const before = told;
    change();
    await eventually(what, () => told > before);
  };

  test("tells of a file in it", async () => {
    start();
    await isTold("a new file", () => writeFileSync(at("watched", "file"), ""));
  });

  test("tells of a file that is written behind a link, also of a link that comes later", async () => {
    for (const name of ["a.example", "b.example"]) mkdirSync(at("watched", name));
    symlinkSync("./a.example/fullchain.pem", at("watched", "a.example.crt"));
    start();
    await isTold("the first", () => writeFileSync(at("watched", "a.example", "fullchain.pem"), "1"));
    await isTold("a link", () => symlinkSync("./b.example/fullchain.pem", at("watched", "b.example.crt")));
    await isTold("the second", () => writeFileSync(at("watched", "b.example", "fullchain.pem"), "1"));
    await isTold("it again", () => writeFileSync(at("watched", "b.example", "fullchain.pem"), "2"));
  });

  test("tells of each link on the way that leads elsewhere: certbot renews so", async () => {
    for (const name of ["live", "archive"]) mkdirSync(at(name));
    symlinkSync("../archive/fullchain1.pem", at("live", "fullchain.pem"));
    symlinkSync("../live/fullchain.pem", at("watched", "a.example.crt"));
    start();
    assert.deepEqual(linkedDirectories(at("watched")), [at("live"), at("archive")]);
    await isTold("a new version", () => writeFileSync(at("archive", "fullchain2.pem"), "2"));
    await isTold("a turned link", () => {
      symlinkSync("../archive/fullchain2.pem", at("live", "fullchain.new"));
      renameSync(at("live", "fullchain.new"), at("live", "fullchain.pem"));
    });
  });

  test("is followed by its name when another takes its place", async () => {
    start();
    await isTold("it is another", () => {
      rmSync(at("watched"), { recursive: true });
      mkdirSync(at("watched"));
    });
    await isTold("a file in the other", () => writeFileSync(at("watched", "file"), ""));
  });

  test("is none the worse for links that lead round, or nowhere", async () => {
    symlinkSync("round", at("watched", "round"));
    symlinkSync("/nowhere/at/all", at("watched", "nowhere"));
    start();
    await isTold("a new file", () => writeFileSync(at("watched", "file"), ""));
  });

  test("tells nothing once it is let go", async () => {
    start();
    stop.abort();
    writeFileSync(at("watched", "file"), "");
    const again = new AbortController();
    let others = 0;
    watchDirectory(at("watched"), () => (others += 1), again.signal);
    writeFileSync(at("watched", "file"), "2");
    await eventually("another watch tells", () => others > 0);
    again.abort();
    assert.equal(told, 0);
  });
});
