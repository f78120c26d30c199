import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../../eventually.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx");

test("the operator's proxy.conf replaces all proxy directives while it exists", { skip }, async () => {
  const rig = new NginxRig();
  const file = join(rig.directory, "proxy.conf");
  const ask = { host: "app.example", headers: { "x-forwarded-for": "192.0.2.9" } };
  const told = async () => (await rig.echo(ask))?.headers;
  try {
    await rig.start({ nginx: { files: { proxy: file } } }, [await rig.app("app", { VIRTUAL_HOST: "app.example" })]);
    assert.equal((await told())?.["x-real-ip"], "127.0.0.1");
    // nginx would reject these next to the default directives as duplicates.
    writeFileSync(file, "proxy_connect_timeout 9s;\nproxy_set_header Host $host;\nproxy_set_header X-Own yes;\n");
    const first = await eventually("its headers are sent", async () => {
      const headers = await told();
      return headers?.["x-own"] === "yes" && headers;
    });
    assert.equal(first["x-real-ip"], undefined);
    writeFileSync(file, "proxy_set_header X-Own again;\n");
    await eventually("the changed file takes effect", async () => (await told())?.["x-own"] === "again");
    rmSync(file);
    await eventually("the default headers are sent again", async () => (await told())?.["x-real-ip"] === "127.0.0.1");
  } finally {
    await rig.close();
  }
});
