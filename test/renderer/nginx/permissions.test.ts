import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PERMISSIONS } from "../../../renderer/routes/option.ts";
import { freePort } from "../../demo/free-port.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

/** What a container asks for that concerns security, and the word that the operator has for it. */
const WISHES = {
  HSTS: "hsts",
  SSL_POLICY: "sslPolicy",
  SERVER_TOKENS: "serverTokens",
  EXTERNAL_HTTP_PORT: "ports",
  "com.github.nginx-proxy.nginx-proxy.ssl_verify_client": "clientCertificates",
  "com.github.nginx-proxy.nginx-proxy.debug-endpoint": "debugEndpoint",
} as const;

for (const containersMay of ["all", []] as const) {
  describe(`containersMay: ${JSON.stringify(containersMay)}, before a real nginx`, { skip }, () => {
    const rig = new NginxRig();
    const all = containersMay === "all";
    let ownPort = 0;

    before(async () => {
      ownPort = await freePort(23_080);
      makeCertificate(rig.certificates, "wishing.example", ["wishing.example"]);
      const env = {
        VIRTUAL_HOST: "wishing.example",
        HSTS: "max-age=77",
        SSL_POLICY: "Mozilla-Modern",
        SERVER_TOKENS: "off",
        EXTERNAL_HTTP_PORT: String(ownPort),
      };
      const labels = {
        "com.github.nginx-proxy.nginx-proxy.ssl_verify_client": "optional",
        "com.github.nginx-proxy.nginx-proxy.debug-endpoint": "true",
      };
      await rig.start({ routing: { containersMay } }, [
        await rig.app("wishing", env, { labels }),
        await rig.app("regex", { VIRTUAL_HOST: "~^re[0-9]\\.example$" }),
      ]);
    });
    after(async () => await rig.close());

    test(`what concerns security is ${all ? "the containers'" : "the operator's alone"}`, async () => {
      const { status, headers } = await rig.ask({ host: "wishing.example", tls: true });
      assert.equal(status, 200);
      assert.equal(headers["strict-transport-security"], all ? "max-age=77" : "max-age=31536000");
      assert.equal(headers["server"] === "nginx", all);
      const debug = { host: "wishing.example", path: "/nginx-proxy-debug", tls: true };
      assert.equal("findings" in (JSON.parse((await rig.ask(debug)).body) as object), all);
      assert.equal((await rig.ask({ host: "re7.example" })).status, all ? 200 : 503);
      assert.equal((await rig.ask({ host: "wishing.example", port: ownPort })).status, all ? 301 : 0);
      const { quarantined, warnings } = await rig.status();
      const told = [...quarantined, ...warnings].map(({ reason }) => reason).toSorted();
      const mended = Object.entries({ ...WISHES, VIRTUAL_HOST: "regex" }).map(([name, word]) => {
        const found = told.find((detail) => detail.startsWith(name));
        return found?.includes(`\`containersMay: [${word}]\``) === true ? word : undefined;
      });
      assert.deepEqual(
        mended.filter((word) => word !== undefined).toSorted(),
        all ? [] : [...PERMISSIONS].toSorted(),
        told.join("\n"),
      );
    });
  });
}
