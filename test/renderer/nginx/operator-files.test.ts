import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { fc } from "../../property.ts";
import { findFile } from "../../../renderer/nginx/files.ts";
import { readOperatorFiles } from "../../../renderer/nginx/operator-files/directory.ts";
import { KnownFiles } from "../../../renderer/nginx/operator-files/known-files.ts";
import { topLevelDirectives } from "../../../renderer/nginx/operator-files/top-level-directives.ts";
import { FileStore } from "../../../renderer/nginx/operator-files/store.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { openOperatorStores } from "../../../renderer/targets/operator-stores.ts";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";

test("the servers of a file that another renderer publishes are not the operator's", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-servers-"));
  const destination = join(directory, "default.conf");
  mkdirSync(join(directory, ".sallyport"));
  for (const name of ["own", "published"])
    writeFileSync(join(directory, `${name}.conf`), `server { listen 80; server_name ${name}.example; }\n`);
  // A container cannot write it, as it could a comment in a generated file.
  writeFileSync(join(directory, ".sallyport", "published.conf.state.json"), "{}");
  const target = { template: resolve("renderer/templates/nginx.conf.hbs"), destination, listen: 80, reload: "none" };
  const config = parseConfig(JSON.stringify({ agents: [{ socket: "/a.sock" }], proxy: "host", targets: [target] }), "");
  assert.ok(!("problems" in config));
  const [found] = config.targets;
  assert.ok(found?.kind === "nginx");
  const { files } = openOperatorStores(found, config, () => undefined);
  assert.deepEqual(files.settings.siblingHosts, [["own.example", join(directory, "own.conf")]]);
  rmSync(directory, { recursive: true });
});

describe("the operator's files", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-operator-files-"));
  after(() => rmSync(directory, { recursive: true }));

  test("reading the operator's files does not block on a FIFO, and reports what cannot be applied", () => {
    const files = join(directory, "files");
    mkdirSync(files);
    writeFileSync(join(files, "a.example"), "client_max_body_size 1m;\n");
    execFileSync("mkfifo", [join(files, "b.example")]);
    mkdirSync(join(files, "c.example"));
    writeFileSync(join(files, "d.example"), "");
    truncateSync(join(files, "d.example"), 64 * 1024 * 1024);
    const read = readOperatorFiles(files, { kind: "vhosts", setting: "nginx.files.vhosts" });
    const problems = [...read.files].map(([name, { fault }]) => [name, fault?.problem]);
    assert.deepEqual(Object.fromEntries(problems), {
      "a.example": undefined,
      "b.example": "it is not a regular file",
      "c.example": "it is not a regular file",
      "d.example": "it is larger than 16 MiB",
    });
  });

  test("a publication does not cause the operator's files to be read again", () => {
    const [vhosts, conf] = [join(directory, "vhost.d"), join(directory, "conf.d")];
    for (const path of [vhosts, conf]) mkdirSync(path);
    const store = new FileStore(
      { paths: { vhosts }, destination: join(conf, "default.conf") },
      new KnownFiles(undefined, () => undefined),
    );
    assert.deepEqual([store.directories, store.siblingDirectory], [[vhosts], conf]);
    const { settings } = store;
    writeFileSync(join(conf, "default.conf"), "proxy_connect_timeout 1s;\n");
    writeFileSync(join(vhosts, "www.example.org"), "# new\n");
    assert.equal(store.refreshSiblings(), false);
    assert.equal(store.settings, settings);
    writeFileSync(join(conf, "mine.conf"), "proxy_connect_timeout 9s;\n");
    assert.equal(store.refreshSiblings(), true);
    assert.deepEqual(store.settings.siblingDirectives, ["proxy_connect_timeout"]);
    assert.deepEqual([...(store.settings.vhosts?.files ?? [])], []);
    assert.equal(store.refreshSiblings(), false);
    assert.equal(store.refresh(), true);
    assert.ok(store.settings.vhosts?.files.has("www.example.org"));
  });
});

describe("files and directories that users other than root read", { skip: requires("root") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-readers-"));
  after(() => rmSync(directory, { recursive: true }));
  const options = { kind: "passwords", setting: "nginx.files.passwords" } as const;

  /** Reads the directory as the renderer's user. */
  const read = (nginxUser?: number) => {
    process.seteuid!(65_533);
    try {
      return readOperatorFiles(directory, { ...options, nginxUser });
    } finally {
      process.seteuid!(0);
    }
  };

  test("a file that nginx may not read is unusable, one that only the renderer may not read is not", () => {
    chmodSync(directory, 0o755);
    for (const [name, mode, uid, gid] of [
      ["all.example", 0o644, 0, 0],
      ["root.example", 0o600, 0, 0],
      ["group.example", 0o640, 0, 101],
      ["own.example", 0o600, 101, 101],
    ] as const) {
      writeFileSync(join(directory, name), "user:hash\n");
      chmodSync(join(directory, name), mode);
      chownSync(join(directory, name), uid, gid);
    }
    const unusable = (nginxUser?: number) =>
      [...read(nginxUser).files].flatMap(([name, { fault }]) => (fault ? [name] : []));
    assert.deepEqual(unusable(), ["root.example"]);
    assert.deepEqual(unusable(101), ["root.example"]);
    assert.deepEqual(unusable(33), ["own.example", "root.example"]);
  });

  test("a directory that cannot be listed or entered makes every file unusable", () => {
    chmodSync(directory, 0o700);
    assert.equal(read().fault?.problem, "the renderer may not list the directory");
    chmodSync(directory, 0o711);
    assert.equal(read().fault?.problem, "the renderer may not list the directory");
    chmodSync(directory, 0o744);
    const found = read();
    assert.ok(found.fault !== undefined || [...found.files.values()].every(({ fault }) => fault));
    chownSync(directory, 65_533, 65_533);
    chmodSync(directory, 0o700);
    assert.equal(read(101).fault?.problem, "nginx may not enter the directory");
  });
});

describe("the memory of files that restrict access", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-memory-"));
  after(() => rmSync(directory, { recursive: true }));
  const [passwords, known] = [join(directory, "passwords"), join(directory, "guards.json")];
  const guardOf = (host: string) => {
    const memory = new KnownFiles(known, () => undefined);
    memory.keep();
    const found = readOperatorFiles(passwords, { kind: "passwords", setting: "nginx.files.passwords" });
    return findFile(memory.complete("passwords", found), [host]).kind;
  };

  test("survives a restart, and ends with a release file", async () => {
    mkdirSync(passwords);
    assert.equal(guardOf("a.example"), "absent");
    writeFileSync(join(passwords, "a.example"), "user:hash\n");
    assert.equal(guardOf("a.example"), "applied");
    await eventually("it is saved", () => existsSync(known));
    rmSync(join(passwords, "a.example"));
    assert.equal(guardOf("a.example"), "unusable");
    assert.equal(guardOf("b.example"), "absent");
    writeFileSync(join(passwords, "A.example_removed"), "");
    assert.equal(guardOf("a.example"), "absent");
    rmSync(join(passwords, "A.example_removed"));
    await eventually("the release is saved", () => guardOf("a.example") === "absent");
  });

  test("remembers files when the setting names another directory, and a single file until its removal is confirmed", async () => {
    const [one, other] = [join(directory, "one"), join(directory, "other")];
    for (const path of [one, other]) mkdirSync(path);
    const file = join(directory, "guards-of-paths.json");
    const settings = (where: string) => {
      const memory = new KnownFiles(file, () => undefined);
      memory.keep();
      const paths = { passwords: where, proxy: join(one, "proxy.conf") };
      const found = new FileStore({ paths, destination: "-" }, memory).settings;
      return [findFile(found.passwords, ["a.example"]).kind, findFile(found.proxy, ["proxy.conf"]).kind];
    };
    writeFileSync(join(one, "a.example"), "user:hash\n");
    writeFileSync(join(one, "proxy.conf"), "deny all;\n");
    assert.deepEqual(settings(one), ["applied", "applied"]);
    await eventually("it is saved", () => existsSync(file));
    rmSync(join(one, "proxy.conf"));
    assert.deepEqual(settings(other), ["unusable", "unusable"]);
    writeFileSync(join(other, "a.example_removed"), "");
    writeFileSync(join(one, "proxy.conf_removed"), "");
    assert.deepEqual(settings(other), ["absent", "absent"]);
  });

  for (const [what, damage] of [
    ["garbage", () => writeFileSync(known, "garbage")],
    ["a list", () => writeFileSync(known, "[]")],
    ["a directory", () => (rmSync(known), mkdirSync(known))],
  ] as const) {
    test(`makes every file unusable while it is ${what}`, () => {
      damage();
      assert.equal(guardOf("b.example"), "unusable");
      rmSync(known, { recursive: true });
      assert.equal(guardOf("b.example"), "absent");
      writeFileSync(known, "{}");
    });
  }
});

describe("top-level directives of a file", () => {
  const rows: readonly [text: string, names: readonly string[]][] = [
    ["", []],
    ["gzip on;\nproxy_connect_timeout\t600;", ["gzip", "proxy_connect_timeout"]],
    ["# resolver 192.0.2.1;\ngzip on; # resolver 192.0.2.1;\n", ["gzip"]],
    ["server { listen 80; location / { resolver 192.0.2.1; } }\ngzip on;", ["gzip"]],
    [`log_format own '"{$host}; # }';\nresolver "192.0.2.1";`, ["log_format", "log_format own", "resolver"]],
    ['map $a $b { default \'}\'; "~^\\"{" 1; }\nresolver 192.0.2.1;', ["resolver"]],
    [
      "set_real_ip_from 10.0.0.0/8;real_ip_header X-Own;",
      ["set_real_ip_from", "set_real_ip_from 10.0.0.0/8", "real_ip_header"],
    ],
    ["add_header X ${host}a#b;resolver 192.0.2.1;", ["add_header", "add_header x", "resolver"]],
    ["resolver 192.0.2.1", []],
    ['proxy_set_header "Host" a;', ["proxy_set_header", "proxy_set_header host"]],
    ["upstream a.example { server b; }\nlocation ^~  /a { }", ["upstream a.example", "location /a"]],
    ["location / { access_log /a vhost; }", ["location /", "access_log vhost"]],
    ["}}}; resolver 192.0.2.1;", []],
  ];
  for (const [text, names] of rows) test(JSON.stringify(text), () => assert.deepEqual(topLevelDirectives(text), names));

  test("any text results in valid directive names", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", " ", ";", "{", "}", "#", "'", '"', "\\", "$", "\n", "_", "resolver "),
      maxLength: 200,
    });
    fc.assert(
      fc.property(text, (one) =>
        assert.ok(topLevelDirectives(one).every((name) => /^[a-z][a-z0-9_]*(?: |$)/.test(name))),
      ),
    );
  });
});

describe("files that appear and disappear, with a real nginx", { skip: requires("nginx", "openssl") }, () => {
  const rig = new NginxRig();
  const sibling = join(rig.directory, "conf.d", "timeouts.conf");
  const proxy = join(rig.directory, "proxy.conf");
  const errors = join(rig.directory, "errors");
  const directives = "proxy_connect_timeout 600;\nclient_header_timeout 9s;\nresolver 192.0.2.53;\n";
  before(async () => {
    mkdirSync(errors);
    mkdirSync(join(rig.directory, "conf.d"));
    writeFileSync(join(errors, "50x.html"), "no server\n");
    writeFileSync(sibling, directives);
    makeCertificate(rig.certificates, "default", ["other.example"]);
    const nginx = { resolvers: ["192.0.2.54"], files: { proxy, errors }, defaults: { defaultCertificate: false } };
    await rig.start({ nginx }, [
      await rig.app("app", { VIRTUAL_HOST: "app.example" }),
      await rig.app("requesting", { VIRTUAL_HOST: "own.example,*.wild.example" }),
    ]);
  });
  after(async () => await rig.close());

  test("a directive in another file of the directory replaces Sallyport's default", async () => {
    assert.equal((await rig.echo({ host: "app.example" }))?.app, "app");
    assert.doesNotMatch(rig.text, /^(proxy_connect_timeout|client_header_timeout|resolver) /m);
    assert.match(rig.text, /^grpc_connect_timeout 2s;$/m);
    // Wait for the publication: the file is written shortly before nginx is reloaded.
    const publications = () => rig.logged.filter(({ event }) => event === "publish.succeeded").length;
    const first = publications();
    rmSync(sibling);
    await eventually(
      "the default is used again",
      () => publications() > first && /^proxy_connect_timeout 2s;$/m.test(rig.text),
    );
    const second = publications();
    writeFileSync(sibling, directives);
    await eventually(
      "the operator's file is used again",
      () => publications() > second && !rig.text.includes("client_header_timeout"),
    );
    assert.deepEqual(
      rig.logged.filter(({ event }) => event === "publish.rejected"),
      [],
    );
    rmSync(sibling);
    await eventually("the default is used again", () => rig.text.includes("client_header_timeout"));
  });

  test("a name that is too long for the operator's size of a bucket is quarantined alone, with the size to set", async () => {
    const file = join(rig.directory, "conf.d", "buckets.conf");
    const host = `${"long-".repeat(10)}name.example`;
    writeFileSync(file, "server_names_hash_bucket_size 64;\n");
    rig.update([await rig.app("long", { VIRTUAL_HOST: host })]);
    const reason =
      /server_names_hash[^]*set `server_names_hash_bucket_size` to at least 128 in your own file, for a name of 62/;
    await eventually("it is reported", async () => {
      const { quarantined } = await rig.status();
      return quarantined.some((one) => one.name === host && reason.test(one.reason));
    });
    assert.equal((await rig.echo({ host: "app.example" }))?.app, "app");
    rmSync(file);
    await eventually("it is served", async () => (await rig.echo({ host }))?.app === "long");
  });

  test("a server in the operator's own file has its name, whatever containers request", async () => {
    const ask = { host: "own.example" };
    assert.equal((await rig.echo(ask))?.app, "requesting");
    const warnings = async () => (await rig.status()).warnings.filter(({ hosts }) => hosts?.includes("own.example"));
    // nginx uses the first of two servers with one name: the name of the file must not decide.
    for (const name of ["a-own.conf", "zz-own.conf"]) {
      const file = join(rig.directory, "conf.d", name);
      const elsewhere = "server { listen 127.0.0.1:1; server_name app.example; }";
      writeFileSync(
        file,
        `${elsewhere}\nserver {\n  listen ${rig.plainPort};\n  server_name other.test "own.example";\n  return 200 operator;\n}\n`,
      );
      const reason = new RegExp(`own\\.example is a \`server_name\` in \\S+/${name}, a file of`);
      await eventually("the request is reported", async () => reason.test((await warnings())[0]?.reason ?? ""));
      await eventually("the file has no such server", () => !rig.text.includes("own.example"));
      await eventually("the operator's server responds", async () => (await rig.ask(ask)).body === "operator");
      assert.equal((await rig.echo({ host: "app.example" }))?.app, "app");
      rmSync(file);
      await eventually("nothing is reported", async () => (await warnings()).length === 0);
      await eventually("the container has its server again", () => rig.text.includes("own.example"));
      await eventually("the container responds again", async () => (await rig.echo(ask))?.app === "requesting");
    }
    const logged = rig.logged.filter(
      ({ event, container }) => event === "container.warned" && container === "requesting",
    );
    assert.ok(logged.length > 0);
  });

  test("the operator's proxy.conf replaces all proxy directives while it exists", async () => {
    const ask = { host: "app.example", headers: { "x-forwarded-for": "192.0.2.9" } };
    const headersOf = async () => (await rig.echo(ask))?.headers;
    assert.equal((await headersOf())?.["x-real-ip"], "127.0.0.1");
    // nginx would reject these next to the default directives as duplicates.
    writeFileSync(proxy, "proxy_connect_timeout 9s;\nproxy_set_header Host $host;\nproxy_set_header X-Own yes;\n");
    const first = await eventually("its headers are sent", async () => {
      const headers = await headersOf();
      return headers?.["x-own"] === "yes" && headers;
    });
    assert.equal(first["x-real-ip"], undefined);
    writeFileSync(proxy, "proxy_set_header X-Own again;\n");
    await eventually("the changed file takes effect", async () => (await headersOf())?.["x-own"] === "again");
    rmSync(proxy);
    await eventually("the default headers are sent again", async () => {
      return (await headersOf())?.["x-real-ip"] === "127.0.0.1";
    });
  });

  test("unknown names return 503 with the default error page while it exists", async () => {
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
  });
});
