import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import { linkedDirectories } from "../../../renderer/disk/linked-directories.ts";
import { watchDirectory } from "../../../renderer/disk/watch-directory.ts";
import { logUnwatched } from "../../../renderer/targets/unwatched.ts";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";

/** A process whose user may watch one directory only, until it raises the limit. */
const LIMITED = `
echo 1 > /proc/sys/user/max_inotify_watches
exec "${process.execPath}" --import tsx --input-type=module -e '
import { rmdirSync, writeFileSync } from "node:fs";
import { watchDirectory } from "./renderer/disk/watch-directory.ts";
import { logUnwatched } from "./renderer/targets/unwatched.ts";
logUnwatched((level, event, fields) => {
  console.log([level, event, JSON.stringify(fields)].filter(Boolean).join(" "));
  if (event === "watch.restored") process.exit();
});
watchDirectory(process.env.WATCHED, () => undefined, new AbortController().signal);
writeFileSync("/proc/sys/user/max_inotify_watches", "2");
rmdirSync(process.env.REMOVED);
writeFileSync(process.env.WATCHED + "/file", "");
'
`;

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

  test(
    "logs once that the kernel's limit of watches is reached, and that all directories are watched again",
    { skip: requires("user namespaces") },
    async () => {
      // Of the two directories that are not watched, one is removed, and the other one fits into the limit later.
      for (const name of ["a", "b"]) {
        mkdirSync(at(name));
        symlinkSync(`../${name}/fullchain.pem`, at("watched", `${name}.crt`));
      }
      const args = ["--user", "--map-root-user", "sh", "-c", LIMITED];
      const env = { ...process.env, WATCHED: at("watched"), REMOVED: at("a") };
      const { stdout } = await promisify(execFile)("unshare", args, { env });
      const reason = "ENOSPC: changes of files are found within 60 s only";
      const hint = "raise fs.inotify.max_user_watches and fs.inotify.max_user_instances on the Docker host";
      assert.deepEqual(stdout.trim().split("\n"), [
        `warn watch.failed ${JSON.stringify({ path: at("a"), reason, hint })}`,
        "info watch.restored",
      ]);
    },
  );

  test("logs a directory that the renderer may not read", { skip: requires("root") }, () => {
    for (const directory of [root, at("watched")]) chmodSync(directory, 0o711);
    const hints: (string | undefined)[] = [];
    logUnwatched((_level, event, fields) => hints.push(`${event} ${String(fields?.["hint"])}`));
    process.seteuid!(65_533);
    start();
    process.seteuid!(0);
    stop.abort();
    assert.deepEqual(hints, ["watch.failed let the renderer's user read the directory", "watch.restored undefined"]);
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
