import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import type { TLSSocket } from "node:tls";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathAccess } from "../../../renderer/nginx/access.ts";
import { authFaults } from "../../../renderer/nginx/auth.ts";
import { nginxSettingsFor } from "../../../renderer/nginx/contested-ports.ts";
import { ABSENT, faultText } from "../../../renderer/nginx/guard.ts";
import { policiesOf, policyBlocks } from "../../../renderer/nginx/path-policies.ts";
import type { NginxSettings } from "../../../renderer/nginx/settings.ts";
import type { HostName } from "../../../renderer/routes/grammar.ts";
import { ROOT } from "../../../renderer/routes/path-match.ts";
import type { VirtualHost } from "../../../renderer/routes/routes.ts";
import { explain } from "../../../renderer/status/explain.ts";
import type { Verbatim } from "../../../renderer/template/model.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { freePort } from "../../demo/free-port.ts";
import { eventually } from "../../eventually.ts";
import { nginxCommand, nginxVersion } from "../../demo/local-nginx.ts";
import { requires } from "../../requires.ts";
import { CertificateAuthority } from "./certificate-authority.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";

/** Whether this nginx has `sticky`. */
const isCurrent = Number(nginxVersion()?.split(".")[1]) >= 30;

/** Clients that the operator admits to all hosts. */
const CLIENTS = "127.0.0.1, 127.0.0.9, 127.0.0.77";

interface Question {
  readonly url: string | undefined;
  readonly method: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
}

const TEXT = "a line of text\n".repeat(500);

describe("policies that a container sets by label, with a real nginx", { skip: requires("nginx", "openssl") }, () => {
  const rig = new NginxRig();
  const vhosts = join(rig.directory, "vhosts");

  /** An app that responds with a status, or with text. */
  const statusApp = (status: number): http.Server =>
    http.createServer((_, response) => response.writeHead(status, { "Content-Type": "text/plain" }).end(TEXT));
  const labels = (values: Record<string, string>) => ({
    labels: Object.fromEntries(Object.entries(values).map(([name, value]) => [`sallyport.${name}`, value])),
  });
  const host = (name: string) => ({ VIRTUAL_HOST: `${name}.example` });
  const guest = (name: string, path: string) => ({ host: `${name}.example`, path });

  before(async () => {
    mkdirSync(vhosts);
    writeFileSync(join(vhosts, "own.example_location"), "gzip off;\ndeny 127.0.0.77;\n");
    const replacing = "location / { return 418; }\n";
    for (const name of ["rated", "listed"]) writeFileSync(join(vhosts, `${name}.example_location_override`), replacing);
    const broken = { ...labels({ retry: "status" }), createdAt: 1 };
    const pathDefaults = { allow: CLIENTS, rate: "1/m", rateBurst: "12" };
    const isOpen = { allow: "0.0.0.0/0", rate: "1000/s", "rate-burst": "1000" };
    sticky.push(
      await rig.app("sticky1", host("sticky"), labels({ sticky: "cookie", balance: "ip-hash" })),
      await rig.app("sticky2", host("sticky"), labels({ sticky: "cookie" })),
    );
    await rig.app("static", {});
    await rig.app("dead", {});
    const sso = http.createServer((request, response) => {
      questions.push({ url: request.url, method: request.method, headers: request.headers });
      const status = { "session=alice": 200, "session=bob": 403 }[request.headers.cookie ?? ""] ?? 401;
      response.writeHead(status, { "Remote-User": "alice", "Set-Cookie": "ignored=1" }).end("not for clients");
    });
    const auth = {
      sso: { host: "sso.example", path: "/check?level=2" },
      page: { host: "sso.example", signIn: "https://sso.example/login", headers: ["X-User"] },
      gone: { host: "absent.example" },
      dead: { host: "dead.example" },
      ...Object.fromEntries(
        ["verified", "misnamed", "undefined"].map((name) => [name, { host: `${name}.example`, headers: [] }]),
      ),
    };
    const jumping = http.createServer((_, response) =>
      response.writeHead(200, { "X-Accel-Redirect": "/secret" }).end("jumped"),
    );
    writeFileSync(join(vhosts, "trap.example"), "error_page 500 502 =200 /ok;\nlocation = /ok { return 200 open; }\n");
    writeFileSync(
      join(vhosts, "unasked.example_location_override"),
      "location / { deny 127.0.0.8; limit_req zone=none; return 418; }\n",
    );
    const deciding = http.createServer((_, response) =>
      response.writeHead(200, { "X-Frame-Options": "DENY", "Access-Control-Allow-Origin": "https://c.example" }).end(),
    );
    const authority = new CertificateAuthority(join(rig.directory, "apps"));
    for (const name of ["apps.internal", "other.internal", "nginx.internal"]) authority.issue(name);
    makeCertificate(authority.directory, "self.internal", ["apps.internal"]);
    const ca = authority.path("ca.crt");
    const own = (name: string): string => join(rig.directory, name);
    rotate = (name, from) => copyFileSync(authority.path(from), own(name));
    rotate("apps-ca.crt", "ca.crt");
    rotate("client.crt", "self.internal.crt");
    rotate("client.key", "self.internal.key");
    const upstreamTls = {
      rotating: {
        authority: own("apps-ca.crt"),
        name: "apps.internal",
        client: { certificate: own("client.crt"), key: own("client.key") },
      },
      internal: { authority: ca, name: "apps.internal" },
      mutual: {
        authority: ca,
        name: "apps.internal",
        client: { certificate: authority.path("nginx.internal.crt"), key: authority.path("nginx.internal.key") },
      },
    };
    const secure = (stem: string): https.Server => {
      const [cert, key] = ["crt", "key"].map((ending) => readFileSync(authority.path(`${stem}.${ending}`)));
      const options = { cert, key, ca: readFileSync(ca), requestCert: true, rejectUnauthorized: false };
      return https.createServer(options, (request, response) => {
        response.end(String((request.socket as TLSSocket).authorized));
      });
    };
    const passwords = join(rig.directory, "htpasswd");
    mkdirSync(passwords);
    for (const name of ["@staff", "@boss", "twice.example"])
      writeFileSync(join(passwords, name), "alice:{PLAIN}secret\n");
    const closed = await freePort();
    const to = [`127.0.0.1:${rig.portOf("static")}`];
    await rig.app("rotating", {}, {}, secure("apps.internal"));
    const pathOptions = { allow: "127.0.0.1", rate: "1000/s", upstreamTls: "rotating" };
    const routes = [
      { host: "static.example", to, pathOptions: { allow: "127.0.0.50", rate: "1000/s" } },
      { host: "dead.example", to: [`127.0.0.1:${closed}`] },
      { host: "rotating.example", to: [`127.0.0.1:${rig.portOf("rotating")}`], proto: "https", pathOptions },
    ];
    await rig.start(
      {
        reload: "channel",
        nginx: { files: { vhosts, passwords }, pathDefaults, auth, upstreamTls },
        routing: { routes, containersMay: ["satisfyAny"], hostRule: "{service}.{project}.rule.example" },
      },
      [
        await rig.app("sso", host("sso"), {}, sso),
        ...(await Promise.all(
          Object.entries({
            guarded: "sso",
            redirects: "page",
            gone: "gone",
            down: "dead",
            trap: "dead",
            unasked: "sso",
          }).map(async ([name, auth]) => await rig.app(name, host(name), labels({ auth }))),
        )),
        ...(await Promise.all(
          Object.entries({
            staff: { passwords: "staff" },
            both: { passwords: "Staff", allow: "127.0.0.9" },
            either: { passwords: "staff", allow: "127.0.0.9", satisfy: "any" },
            listless: { passwords: "staff", satisfy: "any" },
            listonly: { allow: "127.0.0.9", satisfy: "any" },
            unknowns: { passwords: "unknowns" },
            twice: { passwords: "staff" },
          }).map(async ([name, values]) => await rig.app(name, host(name), labels(values))),
        )),
        await rig.app("public", { ...host("guarded"), VIRTUAL_PATH: "/public/" }),
        await rig.app("ssoadmin", { ...host("sso"), VIRTUAL_PATH: "/admin" }, labels({ auth: "sso" })),
        await rig.app("jumps", host("jumps"), labels({ auth: "sso" })),
        await rig.app("jumping", { ...host("jumps"), VIRTUAL_PATH: "/public/" }, {}, jumping),
        ...(await Promise.all(
          ["verified", "misnamed", "undefined"].map(
            async (name) => await rig.app(`asks${name}`, host(`asks${name}`), labels({ auth: name })),
          ),
        )),
        ...(await Promise.all(
          Object.entries({
            narrow: [{ allow: "0.0.0.0/0" }, { allow: "10.0.0.0/8, 127.0.0.9" }],
            disjoint: [{ allow: "127.0.0.1" }, { allow: "127.0.0.9" }],
            services: [{ auth: "sso" }, { auth: "page" }],
            files: [{ passwords: "staff" }, { passwords: "boss" }],
          }).flatMap(([name, values]) =>
            values.map(async (one, at) => ({
              ...(await rig.app(`${name}${at + 1}`, host(name), labels(one as Record<string, string>))),
              createdAt: at + 1,
            })),
          ),
        )),
        await rig.app("headers", host("headers"), labels({ headers: "strict" })),
        await rig.app("decides", host("decides"), labels({ headers: "strict", cors: "*" }), deciding),
        await rig.app("cors", host("cors"), labels({ cors: "https://a.example, http://b.example:8080", auth: "sso" })),
        await rig.app("everyone", host("everyone"), labels({ cors: "*" })),
        await rig.app("closedcors", host("closedcors"), labels({ cors: "https://a.example/x;" })),
        ...(await Promise.all(
          Object.entries({
            verified: ["apps.internal", "internal"],
            misnamed: ["other.internal", "internal"],
            unsigned: ["self.internal", "internal"],
            mutual: ["apps.internal", "mutual"],
            undefined: ["apps.internal", "external"],
          } as const).map(async ([name, [stem, upstreamTlsName]]) => {
            const env = { VIRTUAL_PROTO: "https", ...host(name) };
            return await rig.app(name, env, labels({ "upstream-tls": upstreamTlsName }), secure(stem));
          }),
        )),
        await rig.app("ruled", {}, { labels: { ...composeLabels("My_Shop.x", "-api_"), "sallyport.enable": "true" } }),
        await rig.app("disabled", host("disabled"), labels({ enable: "false" })),
        await rig.app("near", {}, { labels: composeLabels("near", "web") }),
        await rig.app("disabled2", {}, { labels: { ...composeLabels("near", "off"), "sallyport.enable": "false" } }),
        { ...(await rig.app("projectless", {}, labels({ enable: "on" }))), labels: { "sallyport.enable": "on" } },
        await rig.app("open", host("open"), labels(isOpen)),
        await rig.app("burst", host("burst"), labels({ "rate-burst": "1000" })),
        await rig.app("same", host("same"), labels({ rate: "1/m", "rate-burst": "2" })),
        await rig.app("allow", host("allow"), labels({ allow: "127.0.0.9, 2001:db8::/32" })),
        await rig.app("nowhere", host("nowhere"), labels({ allow: "10.0.0.0/33" })),
        await rig.app("rate", host("rate"), labels({ rate: "1/m", "rate-burst": "2" })),
        await rig.app("rated", host("rated"), labels({ rate: "10/s" })),
        await rig.app("listed", host("listed"), labels({ allow: "127.0.0.9" })),
        await rig.app("zero", host("zero"), labels({ rate: "0/s" })),
        await rig.app("small", host("small"), labels({ compress: "true" }), statusApp(200)),
        await rig.app("plain", host("plain"), {}, statusApp(200)),
        await rig.app("own", host("own"), labels({ compress: "true", allow: "127.0.0.0/8" }), statusApp(200)),
        await rig.app("broken", host("retry"), broken, statusApp(503)),
        await rig.app("works", host("retry"), labels({ retry: "status" }), statusApp(200)),
        ...sticky,
        await rig.app("capped", host("capped"), labels({ "max-connections": "3" })),
      ],
    );
  });
  after(async () => await rig.close());

  /** Copies a file of the authority for apps over one that nginx uses. */
  let rotate: (name: string, from: string) => void;
  const sticky: Container[] = [];
  /** What nginx asked the service. */
  const questions: Question[] = [];

  const statuses = async (name: string, count: number): Promise<number[]> => {
    const found: number[] = [];
    for (let made = 0; made < count; made += 1) found.push((await rig.ask({ host: `${name}.example` })).status);
    return found;
  };

  test("allow admits only the listed networks", async () => {
    assert.equal((await rig.ask({ host: "allow.example" })).status, 403);
    assert.equal((await rig.ask({ host: "allow.example", from: "127.0.0.9" })).status, 200);
  });

  test("a container cannot loosen what the operator sets for all paths, and a static route replaces it", async () => {
    for (const name of ["open", "same", "plain"]) {
      assert.equal((await rig.ask({ host: `${name}.example`, from: "127.0.0.50" })).status, 403, name);
    }
    assert.equal((await rig.ask({ host: "static.example", from: "127.0.0.50" })).status, 200);
    assert.equal((await rig.ask({ host: "static.example" })).status, 403);
    for (const name of ["open", "burst"]) {
      const expected = [...Array.from({ length: 13 }, () => 200), 429];
      assert.deepEqual(await statuses(name, 14), expected, name);
    }
    const settings = (await rig.status()).virtualHosts.find((one) => one.host === "open.example")?.paths[0]?.settings;
    assert.match(String(settings), /only for 127\.0\.0\.1, .*only for 0\.0\.0\.0\/0/);
    assert.match(String(settings), /1\/m, burst 12.*1000\/s, burst 1000/);
  });

  test("paths with the same rate share memory, and each counts for itself", async () => {
    assert.equal(rig.text.match(/limit_req_zone .*rate=1r\/m/g)?.length, 1);
    assert.deepEqual(await statuses("same", 4), [200, 200, 200, 429]);
  });

  test("auth sends a subrequest for each request, and replaces the client's headers by the service's", async () => {
    const ask = { host: "guarded.example", path: "/a..b?c=/../d", method: "POST", body: "secret body" };
    const forged = { "Remote-User": "root", "remote-groups": "admins" };
    const { status, body } = await rig.ask({ ...ask, headers: { ...forged, Cookie: "session=alice" } });
    assert.equal(status, 200);
    const { headers } = JSON.parse(body) as { headers: http.IncomingHttpHeaders };
    assert.equal(headers["remote-user"], "alice");
    assert.equal(headers["remote-groups"], undefined);
    const [{ url, method, headers: asked }] = questions as [Question];
    assert.deepEqual([url, method, asked["content-length"]], ["/check?level=2", "GET", undefined]);
    assert.equal(asked["host"], "sso.example");
    assert.equal(asked["x-original-method"], "POST");
    assert.match(String(asked["x-original-url"]), /^http:\/\/guarded\.example\/a\.\.b\?c=\/\.\.\/d$/);
    assert.equal(asked["x-forwarded-for"], "127.0.0.1");
    // A service may trust headers that only a proxy can set.
    assert.equal(asked["remote-user"], undefined);
    assert.equal((await rig.ask({ ...ask, headers: { Cookie: "session=bob" } })).status, 403);
    const none = await rig.ask({ ...ask, headers: forged });
    assert.deepEqual([none.status, none.body.includes("not for clients")], [401, false]);
    const open = await rig.echo({ host: "static.example", from: "127.0.0.50", headers: forged });
    assert.equal(open?.headers["remote-user"], "root");
    const sibling = await rig.echo({
      ...guest("guarded", "/public/"),
      headers: { ...forged, Authorization: "Bearer x" },
    });
    assert.deepEqual([sibling?.headers["remote-user"], sibling?.headers["authorization"]], [undefined, "Bearer x"]);
  });

  test("a path that services and apps may read differently is rejected before the service is asked", async () => {
    const asked = questions.length;
    for (const path of [
      "/public/../x",
      "/./x",
      "/x/..",
      "/a/%2e%2E/x",
      "/a%2f..%2fx",
      "/a/..;/x",
      "/a/.?b",
      "/a/..%5cx",
    ]) {
      const { status } = await rig.ask({ ...guest("guarded", path), headers: { Cookie: "session=alice" } });
      assert.equal(status, 400, path);
    }
    assert.equal(questions.length, asked);
  });

  /** Every form of a request that could lead to an app around its service, as bytes on the wire. */
  const FORMS: readonly (readonly [form: string, request: string, expected: RegExp])[] = [
    ["an absolute URL", "GET http://guarded.example/ HTTP/1.1\r\nHost: open.example\r\n", /^HTTP\/1.1 401/],
    ["a final dot and a port", "GET / HTTP/1.1\r\nHost: GUARDED.example.:99\r\n", /^HTTP\/1.1 401/],
    ["two slashes", "GET //x HTTP/1.1\r\nHost: guarded.example\r\n", /^HTTP\/1.1 401/],
    ["an encoded slash", "GET /%2fx HTTP/1.1\r\nHost: guarded.example\r\n", /^HTTP\/1.1 401/],
    ["a path next to an open one", "GET /publicx HTTP/1.1\r\nHost: guarded.example\r\n", /^HTTP\/1.1 401/],
    ["HTTP/1.0", "GET / HTTP/1.0\r\nHost: guarded.example\r\n", /^HTTP\/1.1 401/],
    ["two hosts", "GET / HTTP/1.1\r\nHost: open.example\r\nHost: guarded.example\r\n", /^HTTP\/1.1 400/],
    ["HTTP/0.9", "GET /\r\n", /^(?!.*"app")/s],
    [
      "a WebSocket",
      "GET / HTTP/1.1\r\nHost: guarded.example\r\nConnection: upgrade\r\nUpgrade: websocket\r\n",
      /^HTTP\/1.1 401/,
    ],
    ["a method of its own", "FOO / HTTP/1.1\r\nHost: guarded.example\r\n", /^HTTP\/1.1 401/],
    ["a named location", "GET @sallyport-sign-in HTTP/1.1\r\nHost: guarded.example\r\n", /^HTTP\/1.1 400/],
    ["the service's location", "GET /sallyport-auth|sso HTTP/1.1\r\nHost: guarded.example\r\n", /^HTTP\/1.1 404/],
    ["a redirect of an open app", "GET /public/jump HTTP/1.1\r\nHost: jumps.example\r\n", /^HTTP\/1.1 401/],
  ];
  test("no form of a request reaches an app around its service", async () => {
    for (const [form, request, expected] of FORMS) {
      assert.match(await rig.raw(`${request}Connection: close\r\n\r\n`), expected, form);
    }
  });

  test("a service's own host is exempt from a default, not from the label of one of its paths", async () => {
    assert.equal((await rig.ask({ host: "sso.example", path: "/admin" })).status, 401);
    assert.equal(
      (await rig.ask({ host: "sso.example", path: "/admin", headers: { Cookie: "session=alice" } })).status,
      200,
    );
  });

  test("a service with TLS is verified as its label requires, and closes the path otherwise", async () => {
    assert.equal((await rig.ask({ host: "asksverified.example" })).status, 200);
    assert.equal((await rig.ask({ host: "asksmisnamed.example" })).status, 503);
    assert.equal((await rig.ask({ host: "asksundefined.example" })).status, 503);
    const report = (await rig.status()).virtualHosts.find(({ host }) => host === "asksundefined.example");
    assert.match(
      String(report?.paths[0]?.closed),
      /nginx\.auth\.undefined: its host undefined\.example is closed: external is not defined in `nginx\.upstreamTls`/,
    );
  });

  test("replicas that disagree have the restrictions of all, and are closed if nginx cannot apply them together", async () => {
    for (const [name, ...expected] of [
      ["narrow", 403, 200],
      ["disjoint", 503, 503],
      ["services", 503, 503],
      ["files", 503, 503],
    ] as const) {
      const found = [
        (await rig.ask({ host: `${name}.example` })).status,
        (await rig.ask({ host: `${name}.example`, from: "127.0.0.9" })).status,
      ];
      assert.deepEqual(found, expected, name);
    }
    const { virtualHosts } = await rig.status();
    const report = virtualHosts.find(({ host }) => host === "services.example");
    assert.match(
      String(report?.paths[0]?.closed),
      /sallyport\.auth: conflicts with container services1, and nginx cannot apply both; set the same value on both/,
    );
  });

  test("auth with a page redirects clients without a session to it", async () => {
    const { status, headers } = await rig.ask({ host: "redirects.example", path: "/x?y=1" });
    assert.equal(status, 302);
    assert.match(headers["location"]!, /^https:\/\/sso\.example\/login\?rd=http:\/\/redirects\.example\/x\?y=1$/);
    // The page reads the whole address in `rd`, whatever is in it.
    const address = (path: string): string => `http://redirects.example${path}`;
    for (const path of [
      "/x?y=1&z=2&rd=https://evil.example",
      "/%E2%82%AC/a%26b?q=c%2Bd+e;f=%25",
      `/${"%".repeat(8).replaceAll("%", "%41&")}`,
      `/?${"a%20b&".repeat(20)}`,
      `/?${"%20".repeat(48)}${"&".repeat(24)}${"+".repeat(8)}${";".repeat(8)}`,
    ]) {
      const { headers: redirect } = await rig.ask({ host: "redirects.example", path });
      const page = new URL(redirect["location"]!);
      assert.deepEqual([...page.searchParams], [["rd", address(path)]], path);
    }
    for (const text of ["%20".repeat(49), "&".repeat(25), "+".repeat(9), ";".repeat(9)]) {
      const { headers: redirect } = await rig.ask({ host: "redirects.example", path: `/?${text}` });
      assert.equal(redirect["location"], `https://sso.example/login?rd=${address("/")}`);
    }
    // Others would take seconds for an address of 32 KiB.
    const maps = [...rig.text.matchAll(/^map \$\S+ \$sallyport_(?:return|ambiguous)\S* \{([^]*?)^\}/gm)];
    const patterns = maps.flatMap(([, cases = ""]) => [...cases.matchAll(/^ +"~\*?(.)/gm)]);
    assert.ok(patterns.length > 50 && patterns.every(([, first]) => first === "^"));
    const forged = await rig.echo({
      host: "redirects.example",
      headers: { Cookie: "session=alice", "Remote-User": "root", "X-User": "root" },
    });
    assert.deepEqual([forged?.headers["remote-user"], forged?.headers["x-user"]], [undefined, undefined]);
  });

  test("auth returns 503 with a reason while its service does not run or does not exist", async () => {
    for (const name of ["down", "trap"]) {
      const { status, body } = await rig.ask({ host: `${name}.example` });
      assert.deepEqual([status, body], [503, "The authentication service is not available.\n"], name);
    }
    const internal = await rig.ask({ host: "guarded.example", path: "/sallyport-auth%7Csso" });
    assert.equal(internal.status, 404);
    const { virtualHosts } = await rig.status();
    for (const [name, reason] of [
      ["gone", /nginx\.auth\.gone: no container serves its host absent\.example; start a container that serves/],
      ["unasked", /it replaces a location that is restricted, and has no `auth_request`; add `auth_request`/],
    ] as const) {
      assert.equal((await rig.ask({ host: `${name}.example` })).status, 503, name);
      assert.match(String(virtualHosts.find((one) => one.host === `${name}.example`)?.paths[0]?.closed), reason);
    }
  });

  test("passwords names the operator's file, and satisfy combines it with allow", async () => {
    const Authorization = `Basic ${Buffer.from("alice:secret").toString("base64")}`;
    for (const [name, ...expected] of [
      // Without a password and with one, from an address that is not listed, and from one that is; from a foreign one.
      ["staff", 401, 200, 401, 200, 403],
      ["both", 403, 403, 401, 200, 403],
      ["either", 401, 200, 200, 200, 403],
      ["listless", 401, 200, 401, 200, 403],
      ["listonly", 403, 403, 200, 200, 403],
      ["unknowns", 503, 503, 503, 503, 503],
      ["twice", 503, 503, 503, 503, 503],
    ] as const) {
      const ask = async (from: string, headers = {}): Promise<number> =>
        (await rig.ask({ host: `${name}.example`, from, headers })).status;
      const found = [
        await ask("127.0.0.1"),
        await ask("127.0.0.1", { Authorization }),
        await ask("127.0.0.9"),
        await ask("127.0.0.9", { Authorization }),
        await ask("127.0.0.50", { Authorization }),
      ];
      assert.deepEqual(found, expected, name);
    }
    const { virtualHosts, warnings } = await rig.status();
    const closures = (name: string): string =>
      String(virtualHosts.find((one) => one.host === `${name}.example`)?.paths[0]?.closed);
    assert.match(closures("unknowns"), /sallyport\.passwords: .*@unknowns does not exist; create it, or correct/);
    assert.match(closures("twice"), /twice\.example has its own password file.*; remove the label or the file/);
    assert.doesNotMatch(JSON.stringify(warnings), /@staff/);
  });

  test("headers=strict adds the headers that the app does not send", async () => {
    const { headers } = await rig.ask({ host: "headers.example" });
    assert.deepEqual(
      ["x-content-type-options", "x-frame-options", "referrer-policy", "permissions-policy"].map(
        (name) => headers[name],
      ),
      ["nosniff", "SAMEORIGIN", "strict-origin-when-cross-origin", "camera=(), geolocation=(), microphone=()"],
    );
    const own = (await rig.ask({ host: "decides.example", headers: { Origin: "https://a.example" } })).headers;
    assert.equal(own["x-frame-options"], "DENY");
    assert.equal(own["access-control-allow-origin"], "https://c.example");
    assert.equal((await rig.ask({ host: "plain.example" })).headers["x-frame-options"], undefined);
  });

  test("cors permits pages of listed origins to read responses, and responds to preflight requests", async () => {
    const session = { Cookie: "session=alice" };
    const asked = async (host: string, Origin: string, more = {}) => {
      const { status, headers } = await rig.ask({
        host,
        ...more,
        headers: { ...session, Origin, ...("headers" in more ? (more.headers as object) : {}) },
      });
      return [
        status,
        headers["access-control-allow-origin"],
        headers["access-control-allow-credentials"],
        headers["vary"],
      ];
    };
    assert.deepEqual(await asked("cors.example", "https://a.example"), [200, "https://a.example", "true", "Origin"]);
    assert.deepEqual(await asked("cors.example", "http://b.example:8080"), [
      200,
      "http://b.example:8080",
      "true",
      "Origin",
    ]);
    for (const Origin of ["https://a.example.evil", "http://a.example", "null", "*"])
      assert.deepEqual(await asked("cors.example", Origin), [200, undefined, undefined, "Origin"], Origin);
    assert.deepEqual(await asked("everyone.example", "https://x.example"), [200, "*", undefined, undefined]);
    assert.deepEqual(await asked("closedcors.example", "https://a.example"), [200, undefined, undefined, undefined]);
    const preflight = { "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a, x-b" };
    const ask = { host: "cors.example", method: "OPTIONS" };
    const { status, headers } = await rig.ask({ ...ask, headers: { Origin: "https://a.example", ...preflight } });
    assert.equal(status, 204);
    assert.equal(headers["access-control-allow-methods"], "PUT");
    assert.equal(headers["access-control-allow-headers"], "x-a, x-b");
    assert.equal((await rig.ask({ ...ask, headers: { Origin: "https://evil.example", ...preflight } })).status, 401);
    assert.equal((await rig.ask({ ...ask, headers: { Origin: "https://a.example" } })).status, 401);
  });

  test("upstream-tls serves only an app whose certificate is valid, and presents nginx's own", async () => {
    for (const [name, ...expected] of [
      ["verified", 200, "false"],
      ["mutual", 200, "true"],
      ["misnamed", 502],
      ["unsigned", 502],
      ["undefined", 503],
    ] as const) {
      const { status, body } = await rig.ask({ host: `${name}.example` });
      assert.deepEqual(status === 200 ? [status, body] : [status], expected, name);
    }
    const closed = (await rig.status()).virtualHosts.find(({ host }) => host === "undefined.example")?.paths[0]?.closed;
    assert.match(String(closed), /sallyport\.upstream-tls: external is not defined in `nginx\.upstreamTls`; define it/);
  });

  test("upstream-tls uses a new certificate and a new authority as soon as their files change", async () => {
    const becomes = async (status: number, body: RegExp): Promise<void> => {
      await eventually(`${status} ${body}`, async () => {
        const seen = await rig.ask({ host: "rotating.example" });
        return seen.status === status && body.test(seen.body);
      });
    };
    await becomes(200, /^false$/);
    rotate("client.crt", "nginx.internal.crt");
    rotate("client.key", "nginx.internal.key");
    await becomes(200, /^true$/);
    rotate("apps-ca.crt", "self.internal.crt");
    await becomes(502, /./);
  });

  test("the operator's rule names enabled containers without a host name", async () => {
    assert.equal((await rig.echo({ host: "api.my-shop-x.rule.example" }))?.app, "ruled");
    assert.equal((await rig.ask({ host: "disabled.example" })).status, 503);
    const { quarantined, unrouted } = await rig.status();
    assert.match(
      quarantined.find(({ name }) => name === "projectless")?.reason ?? "",
      /sallyport\.enable: `routing\.hostRule` needs \{service\}, which .*; set VIRTUAL_HOST/,
    );
    assert.match(
      unrouted.find(({ name }) => name === "disabled")?.reason ?? "",
      /sallyport\.enable is false; set it to/,
    );
    const report = await rig.status();
    for (const [name, expected] of [
      [
        "api.my-shop-x.rule.example",
        /container ruled has this name by `routing\.hostRule`: \{service\}\.\{project\}\.rule/,
      ],
      [
        "web.near.rule.example",
        /not requested by container near: has no VIRTUAL_HOST, .*`sallyport\.enable=true` to route/,
      ],
      ["off.near.rule.example", /not requested by container disabled2: sallyport\.enable is false; set it to true/],
      ["wab.near.rule.example", /no such virtual host or container; did you mean web\.near\.rule\.example\?/],
    ] as const) {
      assert.match(explain(report, name).text, expected);
    }
  });

  test("an allow list that is no network, and a rate of 0, close the host with a reason", async () => {
    for (const name of ["nowhere", "zero"]) assert.equal((await rig.ask({ host: `${name}.example` })).status, 503);
    const { virtualHosts } = await rig.status();
    const reasons = virtualHosts.flatMap(({ paths }) => paths.flatMap((path) => path.closed ?? [])).join("\n");
    assert.match(reasons, /sallyport\.allow: invalid value "10\.0\.0\.0\/33": not addresses or networks/);
    assert.match(reasons, /sallyport\.rate: invalid value "0\/s": not a rate such as 10\/s or 300\/m/);
  });

  test("a file that replaces the location of a restricted path, and does not restrict it, closes the path", async () => {
    for (const [name, directive] of [
      ["rated", "limit_req"],
      ["listed", "deny"],
    ]) {
      assert.equal((await rig.ask({ host: `${name}.example` })).status, 503, name);
      const report = (await rig.status()).virtualHosts.find((one) => one.host === `${name}.example`);
      assert.match(String(report?.paths[0]?.closed), new RegExp(`has no \`${directive}\`; add \`${directive}\``));
    }
  });

  test("rate serves the burst and returns 429 for further requests of the client, of this host only", async () => {
    assert.deepEqual(await statuses("rate", 5), [200, 200, 200, 429, 429]);
    assert.deepEqual(await statuses("plain", 2), [200, 200]);
    assert.equal((await rig.ask({ host: "rate.example", from: "127.0.0.9" })).status, 200);
  });

  test("compress compresses text for clients that accept it, and nothing else does", async () => {
    const encoded = async (name: string): Promise<string | undefined> => {
      const { headers } = await rig.ask({ host: `${name}.example`, headers: { "Accept-Encoding": "gzip" } });
      return headers["content-encoding"];
    };
    assert.equal(await encoded("small"), "gzip");
    assert.equal(await encoded("plain"), undefined);
    assert.equal((await rig.ask({ host: "small.example" })).body, TEXT);
  });

  test("the operator's file takes precedence, and its access rules still apply", async () => {
    const { headers } = await rig.ask({ host: "own.example", headers: { "Accept-Encoding": "gzip" } });
    assert.equal(headers["content-encoding"], undefined);
    assert.equal((await rig.ask({ host: "own.example", from: "127.0.0.77" })).status, 403);
  });

  test("retry=status sends a request to the other replica after a 503", async () => {
    assert.deepEqual(await statuses("retry", 4), [200, 200, 200, 200]);
  });

  test("sticky keeps a client at its replica where nginx can, and status reports where it cannot", async () => {
    const { headers } = await rig.ask({ host: "sticky.example" });
    const cookie = headers["set-cookie"]?.[0]?.split(";")[0];
    const settings = (await rig.status()).virtualHosts.find((one) => one.host === "sticky.example")?.paths[0]?.settings;
    if (!isCurrent) {
      assert.equal(cookie, undefined);
      assert.match(String(settings), /no sticky sessions: this nginx is older than 1\.29\.6/);
      return;
    }
    assert.match(String(headers["set-cookie"]), /^replica_[0-9a-f]{8}=[^;]+; .*httponly.*samesite=lax/i);
    const replicas = new Set<string>();
    for (let made = 0; made < 6; made += 1) {
      const { body } = await rig.ask({ host: "sticky.example", headers: { Cookie: cookie! } });
      replicas.add((JSON.parse(body) as { app: string }).app);
    }
    assert.equal(replicas.size, 1);
    // While the replica stops, it serves the clients that it served before, and no others.
    const [own = ""] = replicas;
    const replica = sticky.find(({ name }) => name === own)!;
    const served = async (headers = {}, from = "127.0.0.1"): Promise<string | undefined> =>
      (await rig.echo({ host: "sticky.example", headers, from }))?.app;
    const becomes = async (state: Partial<Container>): Promise<void> => {
      const published = (): number => rig.logged.filter(({ event }) => event === "publish.succeeded").length;
      const before = published();
      rig.update([{ ...replica, ...state }]);
      await eventually("it is published", () => published() > before);
    };
    await becomes({ stopping: true });
    assert.match(rig.text, / drain;/);
    assert.equal(await served({ Cookie: cookie! }), own);
    const others = new Set<string | undefined>();
    for (let made = 0; made < 4; made += 1) others.add(await served({}, "127.0.0.9"));
    assert.deepEqual([others.size, others.has(own)], [1, false]);
    await becomes({ state: "exited" });
    assert.deepEqual(new Set([await served({ Cookie: cookie! })]), others);
  });

  test("explain lists every policy", async () => {
    const { virtualHosts } = await rig.status();
    const settings = new Map(virtualHosts.map(({ host, paths }) => [host, String(paths[0]?.settings)]));
    assert.match(settings.get("allow.example")!, /only for 127\.0\.0\.9, 2001:db8::\/32/);
    assert.match(settings.get("rate.example")!, /rate limit of each client: 1\/m/);
    assert.match(settings.get("either.example")!, /password file: @staff.*without a password for 127\.0\.0\.9/);
    assert.match(settings.get("verified.example")!, /the app's certificate is verified: internal/);
    assert.match(settings.get("headers.example")!, /security headers: strict/);
    assert.match(settings.get("cors.example")!, /readable by pages of https:\/\/a\.example, http:\/\/b\.example:8080/);
    assert.match(settings.get("guarded.example")!, /authentication: sso at sso\.example/);
    assert.match(settings.get("small.example")!, /responses are compressed/);
    assert.match(settings.get("retry.example")!, /retry: status/);
    const capped = virtualHosts.find(({ host }) => host === "capped.example")?.paths[0]?.servers[0];
    assert.deepEqual(capped?.settings, ["max_conns 3"]);
  });
});

/** An nginx without the module: rejects a configuration with this directive, as nginx does. */
const WITHOUT_AUTH_REQUEST = `#!/bin/sh
case " $* " in *" -t "*) set -- candidate "$@" ;; *) set -- live "$@" ;; esac
case $1 in candidate) files=$DIRECTORY/conf.d/.sallyport/candidate ;; *) files=$DIRECTORY/conf.d ;; esac
found=$(grep -Hn "^ *auth_request " "$files"/*.conf | head -n 1 | cut -d: -f1,2)
[ -z "$found" ] || { echo "nginx: [emerg] unknown directive \\"auth_request\\" in $found" >&2 && exit 1; }
shift
exec nginx "$@"
`;

describe("an nginx without the module for authentication services", { skip: requires("nginx", "openssl") }, () => {
  const rig = new NginxRig();
  after(async () => await rig.close());

  test("closes the host that requires a service, reports why, and serves all others", async () => {
    const program = join(rig.directory, "without-auth-request");
    writeFileSync(program, WITHOUT_AUTH_REQUEST.replaceAll("$DIRECTORY", rig.directory), { mode: 0o755 });
    const command = (config: string, ...action: string[]): string[] => [
      program,
      ...nginxCommand(rig.directory, join(rig.directory, config)).slice(1),
      ...action,
    ];
    const host = (name: string) => ({ VIRTUAL_HOST: `${name}.example` });
    const wildcard = { VIRTUAL_HOST: "*.example" };
    await rig.start(
      {
        check: { command: command("candidate.conf", "-t", "-q") },
        reload: { exec: { command: command("nginx.conf", "-s", "reload") } },
        nginx: { auth: { sso: { host: "sso.example" } } },
      },
      [await rig.app("sso", host("sso")), await rig.app("all", wildcard)],
    );
    rig.update([
      await rig.app("guarded", host("guarded"), { labels: { "sallyport.auth": "sso" } }),
      await rig.app("plain", host("plain")),
    ]);
    await eventually(
      "the other new host is served",
      async () => (await rig.echo({ host: "plain.example" }))?.app === "plain",
    );
    await eventually("the host is closed", async () => (await rig.ask({ host: "guarded.example" })).status === 503);
    assert.equal((await rig.echo({ host: "any.example" }))?.app, "all");
    const { quarantined } = await rig.status();
    assert.match(
      quarantined.find(({ name }) => name === "guarded.example")?.reason ?? "",
      /unknown directive "auth_request" in .*; this nginx has no module for `auth_request`: use an nginx that has it/,
    );
  });
});

test("nginx reserves 64 MiB at most for all rates, and closes paths whose rate exceeds them", () => {
  const hosts = (rates: number): VirtualHost[] =>
    Array.from({ length: 2_000 }, (_, index): VirtualHost => {
      const options = { rate: `${(index % rates) + 1}r/s` };
      const path = { path: ROOT, protocol: "http" as const, options, servers: [] };
      return { host: `h${index}.example` as HostName, paths: [path], options: {} };
    });
  for (const rates of [1, 64, 65, 1_024, 2_000]) {
    const { rateZones } = policyBlocks(hosts(rates), { listen: 80 }) as { rateZones: { zone: Verbatim }[] };
    const sizes = rateZones.map(({ zone }) => /:([0-9]+)([km])$/.exec(zone.text)!);
    assert.equal(sizes.length, Math.min(rates, 1_024));
    const kib = sizes.reduce((sum, [, size, unit]) => sum + Number(size) * (unit === "m" ? 1_024 : 1), 0);
    assert.ok(kib <= 64 * 1_024, `${rates} rates: ${kib} KiB`);
  }
  const virtualHosts = hosts(2_000);
  const settings = nginxSettingsFor(virtualHosts, { listen: 80 });
  const closed = virtualHosts.filter(({ host, paths }) => pathAccess(host, paths[0]!, settings).faults.length > 0);
  assert.equal(closed.length, 2_000 - 1_024);
  const [{ host, paths }] = closed as [VirtualHost];
  assert.match(faultText(pathAccess(host, paths[0]!, settings).faults[0]!), /more than 1024 different rates.*; use a/);
});

test("the operator's service for all paths applies to every host but its own, and no container replaces it", () => {
  const settings: NginxSettings = {
    listen: 80,
    defaults: { host: {}, path: { auth: "sso" } },
    auth: {
      sso: { host: "sso.example", path: "/", headers: [] },
      other: { host: "sso.example", path: "/", headers: [] },
    },
  };
  const namesFor = (host: string, auth?: string): readonly string[] =>
    policiesOf(
      host,
      { path: ROOT, protocol: "http", options: auth === undefined ? {} : { auth }, servers: [] },
      settings,
    ).auth;
  assert.deepEqual(namesFor("app.example"), ["sso"]);
  assert.deepEqual(namesFor("app.example", "sso"), ["sso"]);
  assert.deepEqual(namesFor("sso.example"), []);
  assert.deepEqual(namesFor("sso.example", "other"), ["other"]);
  const [guard] = authFaults(namesFor("app.example", "other"), settings, ABSENT);
  assert.match(
    guard?.kind === "unusable" ? faultText(guard.fault) : "",
    /sallyport\.auth: the operator requires sso for all paths.*; remove the label/,
  );
});
