import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { closuresOf } from "../../../renderer/status/report.ts";
import { type Container, MAX_PAIRS } from "../../../shared/snapshot.ts";
import { requires } from "../../requires.ts";
import { CertificateAuthority } from "./certificate-authority.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";

const skip = requires("nginx", "openssl");
const NGINX_PROXY = "com.github.nginx-proxy.nginx-proxy.";

type Refused = Container["refused"];

/** What a container sets, and the text by which its host is reported as closed. */
interface Request {
  readonly name: string;
  readonly labels?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly refused?: Refused;
  /** The paths of the host. */
  readonly multiports?: string;
  readonly reported: RegExp;
}

const refusedLabel = (name: string, reason: Refused[number]["reason"]): Refused => [{ from: "label", name, reason }];

const CLOSED: readonly Request[] = [
  ...["intern", "Internal!", "true", "interna1", "10.0.0.0/8", "external,internal"].flatMap((value) => [
    {
      name: value,
      labels: { "sallyport.network-access": value },
      reported: /sallyport\.network-access: invalid value/,
    },
    { name: value, env: { NETWORK_ACCESS: value }, reported: /NETWORK_ACCESS: invalid value/ },
  ]),
  ...["", " "].map((value) => ({
    name: `an empty variable: ${JSON.stringify(value)}`,
    env: { NETWORK_ACCESS: value },
    reported: /NETWORK_ACCESS: invalid value "": not one of internal, external/,
  })),
  {
    name: "an empty label next to a valid variable",
    labels: { "sallyport.network-access": "" },
    env: { NETWORK_ACCESS: "external" },
    reported: /sallyport\.network-access: invalid value ""/,
  },
  {
    name: "an empty variable of plain HTTP without a certificate",
    env: { ENABLE_HTTP_ON_MISSING_CERT: "" },
    reported: /ENABLE_HTTP_ON_MISSING_CERT: invalid value ""/,
  },
  {
    name: "an empty label for client certificates",
    labels: { "sallyport.verify-client": "" },
    reported: /sallyport\.verify-client: invalid value ""/,
  },
  {
    name: "an invalid label next to a valid variable",
    labels: { "sallyport.network-access": "extern" },
    env: { NETWORK_ACCESS: "external" },
    reported: /sallyport\.network-access: invalid value "extern"/,
  },
  ...[
    "network-acces",
    "network_access",
    "networkaccess",
    "Network-Access",
    "netwrok-access",
    "access",
    "alow",
    "allow-from",
    "ratte",
    "deny",
  ].map((label) => ({
    name: `the label ${label}`,
    labels: { [`sallyport.${label}`]: "internal" },
    reported: new RegExp(`sallyport\\.${label}: is not an option`),
  })),
  ...(["name.unknown", "container.names"] as const).map((reason) => ({
    name: `a misspelled label that is withheld: ${reason}`,
    refused: refusedLabel("sallyport.network-acces", reason),
    reported: /sallyport\.network-acces: is not an option, but sallyport\.network-access is/,
  })),
  ...(["value.length", "value.charset", "value.secret", "container.names", "container.size"] as const).flatMap(
    (reason) => [
      {
        name: `a withheld label: ${reason}`,
        refused: refusedLabel("sallyport.network-access", reason),
        reported: /sallyport\.network-access: the agent withheld the value/,
      },
      {
        name: `a withheld variable: ${reason}`,
        refused: [{ from: "env" as const, name: "NETWORK_ACCESS", reason }],
        reported: /NETWORK_ACCESS: the agent withheld the value/,
      },
    ],
  ),
  ...["SALLYPORT_NETWORK_ACCESS", "sallyport.network-access"].map((name) => ({
    name: `an option that is set as the variable ${name}`,
    refused: [{ from: "env" as const, name, reason: "name.unknown" as const }],
    reported: /is not a variable of Sallyport; set NETWORK_ACCESS under `environment`/,
  })),
  ...["{/: {access: internal}}", "{/: {network_access: internal}}", "{network-access: internal, /: {}}"].map(
    (paths) => ({
      name: `a key of VIRTUAL_HOST_MULTIPORTS that does not exist: ${paths}`,
      multiports: paths,
      reported: /VIRTUAL_HOST_MULTIPORTS: host.*access": not a key of a (path|host).*; set NETWORK_ACCESS instead/,
    }),
  ),
  {
    name: "as many withheld labels as the agent reports",
    refused: Array.from(
      { length: MAX_PAIRS },
      (_, index) => refusedLabel(`sallyport.zzzzzzzz${index}`, "name.unknown")[0]!,
    ),
    reported: /labels: the agent withheld 64 labels/,
  },
  ...["", "all", "10.0.0.0/33", "10.0.0.1-10.0.0.9", "127.0.0.1 example.com", "fe80::1%eth0"].map((value) => ({
    name: `allow=${value}`,
    labels: { "sallyport.allow": value },
    reported: /sallyport\.allow: (invalid value|is empty|the value is empty)/,
  })),
  ...["0/s", "-1/s", "10", "10/h", "1e3/s", "10r/s"].map((value) => ({
    name: `rate=${value}`,
    labels: { "sallyport.rate": value },
    reported: /sallyport\.rate: invalid value/,
  })),
  ...["", "http://10.0.0.1/", "a b", "$x", "../x", "a".repeat(33), "unknown"].map((value) => ({
    name: `auth=${value}`,
    labels: { "sallyport.auth": value },
    reported: /sallyport\.auth: invalid value|unknown is not defined in `nginx\.auth`/,
  })),
  ...["", "alice:$apr1$x", "../staff", "absent"].map((value) => ({
    name: `passwords=${value}`,
    labels: { "sallyport.passwords": value },
    reported: /sallyport\.passwords: (invalid value|the agent)|`nginx\.files\.passwords` is not set/,
  })),
  ...["", "/etc/ssl/ca.pem", "off!", "absent"].map((value) => ({
    name: `upstream-tls=${value}`,
    labels: { "sallyport.upstream-tls": value },
    reported: /sallyport\.upstream-tls: invalid value|the app speaks http, without TLS/,
  })),
  {
    name: "satisfy",
    labels: { "sallyport.satisfy": "either" },
    reported: /sallyport\.satisfy: invalid value/,
  },
  {
    name: "verify-client",
    labels: { "sallyport.verify-client": "yes" },
    reported: /sallyport\.verify-client: invalid value/,
  },
  {
    name: "ssl_verify_client",
    labels: { [`${NGINX_PROXY}ssl_verify_client`]: "onn" },
    reported: /ssl_verify_client: invalid/,
  },
  {
    name: "ssl-verify-client",
    labels: { [`${NGINX_PROXY}ssl-verify-client`]: "on" },
    reported: /ssl-verify-client: is not an/,
  },
  {
    name: "verify-client without an authority",
    labels: { "sallyport.verify-client": "on" },
    reported: /clients must present a certificate, but no authority is configured/,
  },
  {
    name: "plain-without-certificate",
    env: { ENABLE_HTTP_ON_MISSING_CERT: "flase" },
    reported: /ENABLE_HTTP_ON_MISSING_CERT: invalid value/,
  },
];

describe("an option that restricts access and cannot be applied, with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const hostOf = (index: number): string => `host${index}.example`;
  let app: Container;

  before(async () => {
    makeCertificate(rig.certificates, "default", ["default.example"]);
    app = await rig.app("open", { VIRTUAL_HOST: "open.example" });
    const closed = CLOSED.map(({ env = {}, labels = {}, refused = [], multiports }, index) => ({
      ...app,
      id: (index + 100).toString(16).padStart(64, "0"),
      name: `closed${index}`,
      env: {
        ...env,
        VIRTUAL_HOST: hostOf(index),
        ...(multiports !== undefined && { VIRTUAL_HOST_MULTIPORTS: `${hostOf(index)}: ${multiports}` }),
      },
      labels,
      refused,
    }));
    const replica = (name: string, createdAt: number, env: Record<string, string>): Container => ({
      ...app,
      id: name.charCodeAt(0).toString(16).padStart(64, "f"),
      name,
      createdAt,
      env: { VIRTUAL_HOST: "replicas.example", ...env },
    });
    const others = {
      ...app,
      id: "e".repeat(64),
      name: "misspelled",
      env: { VIRTUAL_HOST: "misspelled.example" },
      labels: { "sallyport.timeuot": "5m" },
    };
    await rig.start({ nginx: { internalNetworks: ["192.0.2.0/24"] } }, [
      app,
      ...closed,
      others,
      replica("older", 1, { NETWORK_ACCESS: "external" }),
      replica("younger", 2, { NETWORK_ACCESS: "internal" }),
    ]);
  });
  after(async () => await rig.close());

  for (const [index, { name, reported }] of CLOSED.entries()) {
    test(`closes the host and is reported: ${name}`, async () => {
      for (const tls of [false, true]) {
        const { status, body } = await rig.ask({ host: hostOf(index), tls });
        assert.ok(!body.startsWith("{") && !(status >= 200 && status < 300), `${status} ${body}`);
      }
      const host = (await rig.status()).virtualHosts.find((one) => one.host === hostOf(index));
      assert.match(closuresOf(host!).join("\n"), reported);
      const events = rig.logged.filter(
        ({ event, host: logged }) => event === "host.closed" && logged === hostOf(index),
      );
      assert.match(String(events[0]?.["reason"]), reported);
    });
  }

  test("other hosts keep working, and other misspelled labels are reported only", async () => {
    for (const host of ["open.example", "misspelled.example"])
      assert.equal((await rig.ask({ host, tls: true })).status, 200, host);
    const { warnings } = await rig.status();
    assert.ok(
      warnings.some(({ reason }) => reason.startsWith("sallyport.timeuot: is not an option, but sallyport.timeout is")),
    );
  });

  test("of several replicas the one that restricts access decides", async () => {
    assert.equal((await rig.ask({ host: "replicas.example", tls: true })).status, 403);
  });
});

describe("a host whose clients must present a certificate, with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const authority = new CertificateAuthority(join(rig.directory, "authority"));
  const requests: readonly Record<string, string>[] = [
    {},
    { HTTPS_METHOD: "noredirect" },
    { HTTPS_METHOD: "nohttps" },
    { HTTPS_METHOD: "nohttp" },
    { CERT_NAME: "nothing" },
    { CERT_NAME: "nothing", HTTPS_METHOD: "noredirect" },
    { CERT_NAME: "nothing", HTTPS_METHOD: "nohttps" },
    { SSL_POLICY: "nothing" },
    { ENABLE_HTTP_ON_MISSING_CERT: "true", CERT_NAME: "nothing" },
  ];
  const hostOf = (index: number): string => `host${index}.example`;

  before(async () => {
    mkdirSync(join(rig.directory, "passwords"));
    authority.issue("client");
    makeCertificate(rig.certificates, "default", ["default.example"]);
    for (const index of requests.keys())
      copyFileSync(authority.path("ca.crt"), join(rig.certificates, `${hostOf(index)}.ca.crt`));
    copyFileSync(authority.path("ca.crt"), join(rig.certificates, "*.wild.example.ca.crt"));
    for (const name of ["list", "more"]) authority.writeRevoked(join(rig.certificates, `${name}.example.crl.pem`));
    authority.writeRevoked(join(rig.certificates, "more.example.ca.crl.pem"));
    copyFileSync(authority.path("ca.crt"), join(rig.certificates, "more.example.ca.crt"));
    copyFileSync(authority.path("ca.crt"), join(rig.certificates, "case.example.CA.CRT"));
    writeFileSync(join(rig.directory, "passwords", "Upper.Example"), "user:{PLAIN}secret\n");
    writeFileSync(join(rig.directory, "passwords", "bücher.example"), "user:{PLAIN}secret\n");
    writeFileSync(join(rig.directory, "passwords", "fd00::1"), "user:{PLAIN}secret\n");
    writeFileSync(join(rig.directory, "passwords", "unused.example"), "user:{PLAIN}secret\n");
    writeFileSync(join(rig.directory, "passwords", "shop.wild.example"), "user:{PLAIN}secret\n");
    const app = await rig.app("open", { VIRTUAL_HOST: "open.example" });
    const more = [
      "list.example",
      "more.example",
      "case.example",
      "*.wild.example",
      "Upper.Example",
      "bücher.example",
      "[fd00::1]",
    ].map((host) => ({
      VIRTUAL_HOST: host,
    }));
    const all = [...requests.map((env, index) => ({ VIRTUAL_HOST: hostOf(index), ...env })), ...more];
    await rig.start({ nginx: { files: { passwords: join(rig.directory, "passwords") } } }, [
      app,
      ...all.map((env, index) => ({ ...app, id: index.toString(16).padStart(64, "d"), name: `app${index}`, env })),
    ]);
  });
  after(async () => await rig.close());

  for (const [index, env] of requests.entries()) {
    test(`is never served without one: ${JSON.stringify(env)}`, async () => {
      for (const tls of [false, true]) {
        const { status, body } = await rig.ask({ host: hostOf(index), tls });
        assert.ok(!body.startsWith("{") && !(status >= 200 && status < 300), `${status} ${body}`);
      }
    });
  }

  test("is not served with a revocation list that has no authority, or with several lists", async () => {
    for (const name of ["list", "more"])
      for (const tls of [false, true])
        assert.equal((await rig.ask({ host: `${name}.example`, tls })).status, 503, `${name} ${tls}`);
    const closed = (await rig.status()).virtualHosts.flatMap(closuresOf).join("\n");
    assert.match(closed, /list\.example\.crl\.pem: clients must present a certificate, but no authority is configured/);
    assert.match(closed, /more\.example\.crl\.pem: the host has several revocation lists/);
  });

  test("an authority is found in any case", async () => {
    assert.equal((await rig.ask({ host: "case.example", tls: true })).status, 400);
  });

  test("the authority of a wildcard host applies", async () => {
    assert.equal((await rig.ask({ host: "a.wild.example", tls: true })).status, 400);
  });

  test("password files are found in any case, and with an address or an internationalized name", async () => {
    assert.equal((await rig.ask({ host: "upper.example", tls: true })).status, 401);
    assert.equal((await rig.ask({ host: "[fd00::1]", tls: true })).status, 401);
    assert.equal((await rig.ask({ host: "xn--bcher-kva.example", tls: true })).status, 503);
    assert.equal((await rig.ask({ host: "open.example", tls: true })).status, 200);
  });

  test("a wildcard host does not serve a name that has a password file of its own", async () => {
    assert.equal((await rig.ask({ host: "shop.wild.example" })).status, 503);
    assert.notEqual((await rig.ask({ host: "other.wild.example" })).status, 503);
  });

  test("a password file that no host uses is reported", async () => {
    const { warnings } = await rig.status();
    assert.deepEqual(
      warnings.filter(({ code }) => code === "file.unused").map(({ name }) => name),
      ["shop.wild.example", "unused.example"].map((name) => join(rig.directory, "passwords", name)),
    );
    assert.ok(rig.logged.some(({ event, path }) => event === "file.unused" && String(path).endsWith("unused.example")));
  });
});
