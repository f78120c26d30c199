import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { HostName, PortNumber } from "../../../renderer/routes/grammar.ts";
import type { VirtualHost } from "../../../renderer/routes/routes.ts";
import { NginxHostTarget } from "../../../renderer/targets/nginx-host-target.ts";
import { NginxTemplate } from "../../../renderer/targets/nginx-template.ts";
import { PublishGroup } from "../../../renderer/targets/publish-group.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { nginxTargetOf } from "../config/target-of.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-bisect-"));
after(async () => await removeDirectory(directory));

const host = (name: string, httpPort?: number): VirtualHost => ({
  host: name as HostName,
  paths: [],
  options: httpPort === undefined ? {} : { httpPort: httpPort as PortNumber },
});

/** A real nginx target whose virtual hosts the test sets. */
class HostTarget extends NginxHostTarget {
  hosts: readonly VirtualHost[] = [];
  override units(): readonly VirtualHost[] {
    return this.hosts;
  }
  /** A host is its name, and `+PORT` if it has a port of its own. */
  override async render(virtualHosts: readonly VirtualHost[]) {
    const words = virtualHosts.map(
      ({ host: name, options }) => name + (options.httpPort ? `+${options.httpPort}` : ""),
    );
    return await Promise.resolve({ kind: "text" as const, text: Buffer.from(words.join(" ")) });
  }
}

function hostTarget(): HostTarget {
  const target = {
    template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
    destination: join(directory, "default.conf"),
    reload: "none",
  };
  const config = parseConfig(
    JSON.stringify({ agents: [{ socket: "/a" }], proxy: "host", targets: [target] }),
    "test.yml",
  );
  assert.ok(!("problems" in config), JSON.stringify(config));
  const targetConfig = nginxTargetOf(config);
  const template = NginxTemplate.load(targetConfig, config);
  assert.ok(!("problem" in template));
  return new HostTarget(targetConfig, template, config, () => undefined);
}

/** The files that a server was given which rejects `+7` (or everything), and the file that is left. */
async function reduced(live: readonly VirtualHost[], wanted: readonly VirtualHost[], rejectsAll = false) {
  const target = hostTarget();
  const group = new PublishGroup<VirtualHost>([target], { log: () => undefined });
  if (live.length > 0) {
    target.hosts = live;
    const first = await group.next();
    assert.ok(first?.kind === "revision");
    first.published();
  }
  target.hosts = wanted;
  const revision = await group.next();
  assert.ok(revision?.kind === "revision");
  const given: string[] = [];
  const left = await revision.reduce!("reload", async ([file]) => {
    const text = file!.bytes.toString();
    given.push(text);
    return await Promise.resolve(rejectsAll || text.includes("+7") ? "kept its old workers" : undefined);
  });
  const quarantined = group.statuses[0]!.quarantined.map(({ reason }) => reason);
  return { given, left: left?.kind === "revision" ? left.files[0]!.bytes.toString() : undefined, quarantined };
}

describe("when the reload of an nginx target is rejected", () => {
  const [a, b] = [host("a"), host("b", 5)];

  test("quarantines the virtual host whose port is in use, and the reason names the port", async () => {
    const { given, left, quarantined } = await reduced([a, b], [a, b, host("c"), host("d", 7)]);
    assert.equal(left, "a b+5 c");
    assert.deepEqual(given, ["a b+5 c", "a b+5 c d+7"]);
    assert.match(quarantined.join(), /rejected by the reload of .*: kept its old workers; check whether port 7 is/);
  });

  test("keeps the live version of a changed virtual host in each attempt", async () => {
    const { given, left } = await reduced([a, host("b", 5)], [a, host("b", 7), host("c", 6)]);
    assert.equal(left, "a c+6");
    for (const text of given) assert.match(text, /^a b\+[57]/);
  });

  test("tries virtual hosts without a port of their own first, and never an empty file", async () => {
    assert.equal((await reduced([], [a, host("d", 7)])).left, "a");
    const { given, left } = await reduced([], [host("c", 7), host("d", 7)]);
    assert.ok(!given.includes(""));
    assert.equal(left, undefined);
  });

  test("quarantines nothing when every configuration is rejected", async () => {
    const { given, left, quarantined } = await reduced([a], [a, host("c"), host("d", 7)], true);
    assert.deepEqual([left, quarantined], [undefined, []]);
    for (const text of given) assert.match(text, /^a/);
  });

  test("makes no attempt when every virtual host is already live", async () => {
    assert.deepEqual(await reduced([a, b], [a, b]), { given: [], left: undefined, quarantined: [] });
  });
});
