import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { topLevelDirectives } from "../../../renderer/nginx/operator-files/sibling-directives.ts";
import { eventually } from "../../eventually.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx");

describe("top-level directives of a file", () => {
  const rows: readonly [text: string, names: readonly string[]][] = [
    ["", []],
    ["gzip on;\nproxy_connect_timeout\t600;", ["gzip", "proxy_connect_timeout"]],
    ["# resolver 192.0.2.1;\ngzip on; # resolver 192.0.2.1;\n", ["gzip"]],
    ["server { listen 80; location / { resolver 192.0.2.1; } }\ngzip on;", ["gzip"]],
    [`log_format own '"{$host}; # }';\nresolver "192.0.2.1";`, ["log_format", "resolver"]],
    ['map $a $b { default \'}\'; "~^\\"{" 1; }\nresolver 192.0.2.1;', ["resolver"]],
    ["set_real_ip_from 10.0.0.0/8;real_ip_header X-Own;", ["set_real_ip_from", "real_ip_header"]],
    ["add_header X ${host}a#b;resolver 192.0.2.1;", ["add_header", "resolver"]],
    ["resolver 192.0.2.1", []],
    ["}}}; resolver 192.0.2.1;", []],
  ];
  for (const [text, names] of rows) test(JSON.stringify(text), () => assert.deepEqual(topLevelDirectives(text), names));

  test("any text results in valid directive names", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", " ", ";", "{", "}", "#", "'", '"', "\\", "$", "\n", "_", "resolver "),
      maxLength: 200,
    });
    fc.assert(
      fc.property(text, (one) => assert.ok(topLevelDirectives(one).every((name) => /^[a-z][a-z0-9_]*$/.test(name)))),
    );
  });
});

test("a directive in another file of the directory replaces Sallyport's default", { skip }, async () => {
  const rig = new NginxRig();
  const file = join(rig.directory, "conf.d", "timeouts.conf");
  const theirs = "proxy_connect_timeout 600;\nclient_header_timeout 9s;\nresolver 192.0.2.53;\n";
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, theirs);
    const settings = { nginx: { resolvers: ["192.0.2.54"] } };
    await rig.start(settings, [await rig.app("app", { VIRTUAL_HOST: "app.example" })]);
    assert.equal((await rig.echo({ host: "app.example" }))?.app, "app");
    assert.doesNotMatch(rig.text, /^(proxy_connect_timeout|client_header_timeout|resolver) /m);
    assert.match(rig.text, /^grpc_connect_timeout 2s;$/m);
    // Wait for the publication: the file is written shortly before nginx is reloaded.
    const told = () => rig.logged.filter(({ event }) => event === "publish.succeeded").length;
    const before = told();
    rmSync(file);
    await eventually(
      "the default is used again",
      () => told() > before && /^proxy_connect_timeout 2s;$/m.test(rig.text),
    );
    writeFileSync(file, theirs);
    await eventually(
      "the operator's file is used again",
      () => told() > before + 1 && !rig.text.includes("client_header_timeout"),
    );
    assert.deepEqual(
      rig.logged.filter(({ event }) => event === "publish.rejected"),
      [],
    );
  } finally {
    await rig.close();
  }
});
