import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { parseConfig } from "../../../renderer/config/load.ts";
import { parseHost } from "../../../renderer/routes/grammar.ts";
import { OwnersFile } from "../../../renderer/targets/owners-file.ts";
import { nginxTargetOf } from "../config/target-of.ts";

describe("the file of owners", () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "sallyport-owners-"));
    file = join(directory, ".sallyport", "default.conf.owners.json");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function open(): OwnersFile {
    const target = {
      template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
      destination: join(directory, "default.conf"),
      reload: "none",
    };
    const config = parseConfig(JSON.stringify({ agents: [{ socket: "/a" }], targets: [target] }), "c.yml");
    assert.ok(!("problems" in config));
    const opened = new OwnersFile(nginxTargetOf(config), () => undefined);
    opened.owners.record();
    opened.follow();
    return opened;
  }

  test("keeps owners and the beginning of their leases across restarts, for the renderer's user only", async () => {
    const first = open();
    first.owners.decide("a.example", ["project shop"]);
    first.owners.decide("b.example", ["project blog"]);
    first.owners.decide("b.example", []);
    await first.flush();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const { owners, problem } = open();
    assert.equal(problem, undefined);
    assert.deepEqual([...owners.all.keys()], ["a.example", "b.example"]);
    assert.deepEqual(owners.all.get("b.example"), first.owners.all.get("b.example"));
    assert.equal(owners.decide("a.example", ["project thief"]), "project shop");
  });

  for (const requested of ["~^shop..", "~^shop\\..", `${`ü${"a".repeat(54)}.`.repeat(3)}ü${"a".repeat(55)}.*`]) {
    test(`is not damaged by a container that requests ${requested.slice(0, 20)}`, async () => {
      const first = open();
      first.owners.decide("a.example", ["project shop"]);
      const parsed = parseHost(requested, true);
      if (parsed.kind === "ok") first.owners.decide(parsed.value, ["project hostile"]);
      await first.flush();
      const { owners, problem } = open();
      assert.equal(problem, undefined);
      assert.equal(owners.decide("a.example", ["project hostile"]), "project shop");
    });
  }

  for (const [what, text] of [
    ["is empty", ""],
    ["is cut", '{"names":[{"host":"a.exa'],
    ["has an invalid name", '{"names":[{"host":"a;b","owner":"project shop"}]}'],
    ["has unknown keys", '{"names":[],"more":1}'],
  ] as const) {
    test(`blocks publishing and stays as it is while it ${what}, until it is discarded`, async () => {
      mkdirSync(join(directory, ".sallyport"));
      writeFileSync(file, text);
      const damaged = open();
      assert.match(
        damaged.problem ?? "",
        /owners\.json: the owners of host names are unknown: its content is not valid; restore the file .*`sallyport-renderer release --all`/,
      );
      damaged.owners.decide("a.example", ["project thief"]);
      await damaged.flush();
      assert.equal(readFileSync(file, "utf8"), text);
      damaged.discard();
      await damaged.flush();
      assert.equal(damaged.problem, undefined);
      assert.equal(open().problem, undefined);
    });
  }

  test("blocks publishing when it cannot be read", () => {
    mkdirSync(file, { recursive: true });
    assert.match(open().problem ?? "", /it cannot be read \(EISDIR\)/);
  });
});
