import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { PERMISSIONS } from "../../../renderer/routes/option.ts";
import { freePort } from "../../demo/free-port.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");

/** Security-sensitive variables and labels, and the permission that each requires. */
const REQUESTS = {
  HSTS: "hsts",
  SSL_POLICY: "sslPolicy",
  SERVER_TOKENS: "serverTokens",
  EXTERNAL_HTTP_PORT: "ports",
  ACME_CA_URI: "acmeAuthority",
  "sallyport.satisfy": "satisfyAny",
  "com.github.nginx-proxy.nginx-proxy.ssl_verify_client": "clientCertificates",
  "com.github.nginx-proxy.nginx-proxy.debug-endpoint": "debugEndpoint",
  "sallyport.host": "imageValues",
} as const;

for (const containersMay of ["all", []] as const) {
  describe(`containersMay: ${JSON.stringify(containersMay)}, with a real nginx`, { skip }, () => {
    const rig = new NginxRig();
    const all = containersMay === "all";
    let ownPort = 0;

    before(async () => {
      ownPort = await freePort();
      makeCertificate(rig.certificates, "requesting.example", ["requesting.example"]);
      const env = {
        VIRTUAL_HOST: "requesting.example",
        HSTS: "max-age=77",
        SSL_POLICY: "Mozilla-Modern",
        SERVER_TOKENS: "off",
        EXTERNAL_HTTP_PORT: String(ownPort),
        ACME_CA_URI: "https://authority.example/directory",
      };
      const labels = {
        "com.github.nginx-proxy.nginx-proxy.ssl_verify_client": "optional",
        "com.github.nginx-proxy.nginx-proxy.debug-endpoint": "true",
        "sallyport.satisfy": "any",
      };
      await rig.start({ routing: { containersMay } }, [
        await rig.app("requesting", env, { labels }),
        await rig.app("regex", { VIRTUAL_HOST: "~^re[0-9]\\.example$" }),
        await rig.app(
          "moved",
          { VIRTUAL_HOST: "to.example" },
          { labels: { "sallyport.redirect-from": "from.example" } },
        ),
        await rig.app(
          "borne",
          {},
          {
            labels: { "sallyport.host": "borne.example" },
            fromImage: { read: true, env: [], labels: ["sallyport.host"] },
          },
        ),
      ]);
    });
    after(async () => await rig.close());

    test(`containers ${all ? "set" : "cannot set"} security-sensitive options`, async () => {
      const { status, headers } = await rig.ask({ host: "requesting.example", tls: true });
      assert.equal(status, 200);
      assert.equal(headers["strict-transport-security"], all ? "max-age=77" : "max-age=31536000");
      assert.equal(headers["server"] === "nginx", all);
      const debug = { host: "requesting.example", path: "/nginx-proxy-debug", tls: true };
      assert.equal("diagnostics" in (JSON.parse((await rig.ask(debug)).body) as object), all);
      assert.equal((await rig.ask({ host: "re7.example" })).status, all ? 200 : 503);
      assert.equal((await rig.ask({ host: "requesting.example", port: ownPort })).status, all ? 301 : 0);
      assert.equal((await rig.ask({ host: "from.example" })).status, all ? 301 : 302);
      assert.equal((await rig.ask({ host: "borne.example" })).status, all ? 200 : 503);
      const { quarantined, unrouted, warnings } = await rig.status();
      const details = [...quarantined, ...unrouted, ...warnings].map(({ reason }) => reason).toSorted();
      const hinted = Object.entries({ ...REQUESTS, VIRTUAL_HOST: "regex" }).map(([name, permission]) => {
        const found = details.find((detail) => detail.startsWith(name));
        return found?.includes(`\`containersMay: [${permission}]\``) === true ? permission : undefined;
      });
      assert.deepEqual(
        hinted.filter((one) => one !== undefined).toSorted(),
        // A temporary redirect is not reported.
        all ? [] : PERMISSIONS.filter((one) => one !== "permanentRedirects").toSorted(),
        details.join("\n"),
      );
    });
  });
}
