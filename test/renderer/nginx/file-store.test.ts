import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FileStore } from "../../../renderer/nginx/operator-files/store.ts";

test("a publication does not cause the operator's files to be read again", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-files-"));
  try {
    const [vhosts, conf] = [join(directory, "vhost.d"), join(directory, "conf.d")];
    for (const path of [vhosts, conf]) mkdirSync(path);
    const store = new FileStore({ vhosts }, join(conf, "default.conf"));
    assert.deepEqual([store.directories, store.siblingDirectory], [[vhosts], conf]);
    const { settings } = store;
    writeFileSync(join(conf, "default.conf"), "proxy_connect_timeout 1s;\n");
    writeFileSync(join(vhosts, "www.example.org"), "# new\n");
    assert.equal(store.refreshSiblings(), false);
    assert.equal(store.settings, settings);
    writeFileSync(join(conf, "mine.conf"), "proxy_connect_timeout 9s;\n");
    assert.equal(store.refreshSiblings(), true);
    assert.deepEqual(store.settings.siblingDirectives, ["proxy_connect_timeout"]);
    assert.deepEqual([...(store.settings.vhosts?.files ?? [])], []);
    assert.equal(store.refreshSiblings(), false);
    assert.equal(store.refresh(), true);
    assert.ok(store.settings.vhosts?.files.has("www.example.org"));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
