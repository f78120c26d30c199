import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../../eventually.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx");

test("unknown names return 503 with the default error page while it exists", { skip }, async () => {
  const rig = new NginxRig();
  const errors = join(rig.directory, "errors");
  mkdirSync(errors);
  writeFileSync(join(errors, "50x.html"), "no server\n");
  makeCertificate(rig.certificates, "default", ["other.example"]);
  try {
    await rig.start({ nginx: { files: { errors } } }, [await rig.app("app", { VIRTUAL_HOST: "app.example" })]);
    for (const tls of [false, true]) {
      for (const path of ["/", "/some/path"]) {
        const { status, body } = await rig.ask({ host: "unknown.example", path, tls });
        assert.deepEqual([status, body], [503, "no server\n"]);
      }
    }
    rmSync(join(errors, "50x.html"));
    await eventually("nginx's own page is back", async () => {
      const { status, body } = await rig.ask({ host: "unknown.example" });
      return status === 503 && body.includes("503 Service");
    });
  } finally {
    await rig.close();
  }
});
