import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fc } from "../../property.ts";
import type { HostName } from "../../../renderer/routes/grammar.ts";
import type { PathText } from "../../../renderer/routes/path-match.ts";
import type { PathRoute, VirtualHost } from "../../../renderer/routes/routes.ts";
import { debugModel } from "../../../renderer/nginx/debug.ts";
import type { Verbatim } from "../../../renderer/template/model.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");
const path = "/nginx-proxy-debug";
const debugLabel = (value: string) => ({ labels: { "com.github.nginx-proxy.nginx-proxy.debug-endpoint": value } });

describe("the debug endpoint", { skip }, () => {
  describe("with permission to containers", () => {
    const rig = new NginxRig();
    before(async () => {
      makeCertificate(rig.certificates, "tls.example", ["tls.example"]);
      const routing = { containersMay: ["debugEndpoint", "regex"] };
      await rig.start({ routing, nginx: { internalNetworks: ["127.0.0.1"] } }, [
        await rig.app("first", { VIRTUAL_HOST: "first.example", HSTS: "off" }, debugLabel("true")),
        await rig.app("down", { VIRTUAL_HOST: "first.example" }, { health: "unhealthy" }),
        await rig.app("silent", { VIRTUAL_HOST: "silent.example" }),
        await rig.app("tls", { VIRTUAL_HOST: "tls.example" }, { labels: { "sallyport.debug-endpoint": "yes" } }),
        await rig.app("many", { VIRTUAL_HOST_MULTIPORTS: manyPaths("many.example", 60) }, debugLabel("true")),
        await rig.app("dollar", { VIRTUAL_HOST: '~^a"?\\.\\$host(x)$' }, debugLabel("true")),
        await rig.app("own", { VIRTUAL_HOST: "own.example" }, debugLabel("true")),
        await rig.app("own-path", { VIRTUAL_HOST: "own.example", VIRTUAL_PATH: `= ${path}` }),
        await rig.app(
          "moved",
          { VIRTUAL_HOST: "www.moved.example" },
          { labels: { "sallyport.redirect-from": "moved.example", "sallyport.debug-endpoint": "yes" } },
        ),
      ]);
    });
    after(async () => await rig.close());

    const describedAt = async (host: string, tls = false): Promise<Record<string, unknown>> => {
      const { status, headers, body } = await rig.ask({ host, path, tls });
      assert.deepEqual([status, headers["content-type"]], [200, "application/json"]);
      return JSON.parse(body) as Record<string, unknown>;
    };

    test("returns host, paths, servers, HTTPS method and diagnostics", async () => {
      const { host, httpsMethod, certificate, paths, diagnostics } = await describedAt("first.example");
      assert.deepEqual([host, httpsMethod, certificate], ["first.example", "redirect", null]);
      const [{ servers } = { servers: [] }] = paths as { servers: unknown[] }[];
      assert.deepEqual(servers, [{ address: "127.0.0.1", port: rig.portOf("first"), container: "first" }]);
      const diagnosticsByContainer = (diagnostics as { container: string; code: string }[]).map((one) => [
        one.container,
        one.code,
      ]);
      assert.deepEqual(
        new Map(diagnosticsByContainer as [string, string][]),
        new Map([
          ["first", "option.refused"],
          ["down", "health"],
        ]),
      );
    });

    test("is served over HTTPS and HTTP, also while HTTP redirects, and names the certificate", async () => {
      for (const tls of [true, false]) {
        assert.deepEqual((await describedAt("tls.example", tls))["certificate"], {
          ...(await until()),
          name: "tls.example",
        });
      }
      assert.equal((await rig.ask({ host: "tls.example" })).status, 301);
    });

    test("names the target of a redirecting host", async () => {
      assert.equal((await describedAt("moved.example"))["redirectTo"], "www.moved.example");
    });

    test("lists sixty paths, more than nginx allows between two quotes", async () => {
      assert.equal(((await describedAt("many.example"))["paths"] as unknown[]).length, 60);
    });

    test("returns 403 outside of the internal networks, regardless of forwarding headers", async () => {
      const headers = { "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1" };
      assert.equal((await rig.ask({ host: "first.example", path, headers, from: "127.0.0.2" })).status, 403);
    });

    test("is disabled without the label", async () => {
      assert.equal((await rig.echo({ host: "silent.example", path }))?.app, "silent");
    });

    test("does not replace a container's own path", async () => {
      assert.equal((await rig.echo({ host: "own.example", path }))?.app, "own-path");
    });

    test("prints a regular expression unchanged, without expanding nginx variables", async () => {
      // A current nginx rejects a quote in the Host header.
      const { body } = await rig.ask({ host: "a.$hostx", path });
      assert.equal((JSON.parse(body) as VirtualHost).host, '~^a"?\\.\\$host(x)$');
    });

    async function until() {
      return { until: (await rig.status()).virtualHosts.find(({ host }) => host === "tls.example")?.tls?.expires };
    }
  });

  test("is enabled for all hosts by the operator, and containers need permission to disable it", async () => {
    const rig = new NginxRig();
    try {
      await rig.start({ nginx: { defaults: { debugEndpoint: true } } }, [
        await rig.app("a", { VIRTUAL_HOST: "a.example" }),
        await rig.app("b", { VIRTUAL_HOST: "b.example" }, debugLabel("false")),
      ]);
      for (const host of ["a.example", "b.example"]) {
        assert.equal((JSON.parse((await rig.ask({ host, path })).body) as VirtualHost).host, host);
      }
      const { body } = await rig.ask({ host: "b.example", path });
      assert.deepEqual(
        (JSON.parse(body) as VirtualHost).diagnostics?.map(({ code }) => code),
        ["option.refused"],
      );
    } finally {
      await rig.close();
    }
  });
});

describe("the description of a host", () => {
  test("is printable JSON of at most 16,000 characters without variables, whatever containers set", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 40 });
    const hostile = fc.oneof(text, fc.constantFrom("$host", "${host}", '"; }', "\\", "\n", "'"));
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 300, size: "max" }), (values) => void describedBy(values)),
      { numRuns: 200 },
    );
  });

  test("omits paths, then diagnostics, that do not fit, and gives their number", () => {
    const short = describedBy(["/a", "/b"]);
    assert.equal((short["paths"] as unknown[]).length, 2);
    const long = describedBy(Array.from({ length: 110 }, (_, index) => `/${index}`.padEnd(40, "x")));
    assert.deepEqual(
      [long["paths"], long["omittedPaths"], (long["diagnostics"] as unknown[]).length],
      [undefined, 110, 110],
    );
    const longer = describedBy(Array.from({ length: 300 }, (_, index) => `/${index}`.padEnd(40, "x")));
    assert.deepEqual(
      [longer["diagnostics"], longer["omittedPaths"], longer["omittedDiagnostics"]],
      [undefined, 300, 300],
    );
  });
});

/** Describes a host with these texts as paths and diagnostics, and checks what is printed. */
function describedBy(values: readonly string[]): Record<string, unknown> {
  const paths = values.map((text): PathRoute => ({
    path: { kind: "", text: text as PathText },
    protocol: "http",
    options: {},
    servers: [],
  }));
  const diagnostics = values.map((text) => ({ container: text, code: "state" as const, reason: text }));
  const { first, more } = debugModel(
    { host: "a" as HostName, options: { debugEndpoint: true }, paths, diagnostics },
    undefined,
  ) as { first: Verbatim; more: Verbatim[] };
  const printed = [first, ...more].map((one) => one.text);
  for (const one of printed) {
    assert.match(one, /^"(?:\$\{sallyport_debug\})?(?:[ !#-[\]-~]|\\["\\]){1,3800}"$/);
    assert.doesNotMatch(one.replace("${sallyport_debug}", ""), /\$/);
  }
  const json = printed
    .map((one) => one.slice(1, -1).replace("${sallyport_debug}", "").replaceAll(/\\(.)/g, "$1"))
    .join("");
  assert.ok(json.length <= 16_000);
  const described = JSON.parse(json) as Record<string, unknown>;
  if ("paths" in described) assert.deepEqual(described["paths"], paths);
  return described;
}

function manyPaths(host: string, count: number): string {
  return JSON.stringify({ [host]: Object.fromEntries(Array.from({ length: count }, (_, i) => [`/path-${i}/`, null])) });
}
