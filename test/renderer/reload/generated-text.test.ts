import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { LIST_DIRECTIVES } from "../../../renderer/nginx/own-lists.ts";
import { TRANSFERS } from "../../../renderer/nginx/page.ts";
import { ReloadChannel } from "../../../renderer/reload/channel.ts";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";
import { Rig } from "./rig.ts";

const SCRIPT = readFileSync("renderer/nginx/90-sallyport-reload.sh", "utf8");

/** Names that a list of the script contains. */
const known = (list: string): string[] =>
  (new RegExp(`^${list}="([^"]*)"`, "m").exec(SCRIPT)?.[1] ?? "").split(" ").toSorted();

test("the script knows every directive of the shipped template, and no other", () => {
  const template = readFileSync("renderer/templates/nginx.conf.hbs", "utf8")
    .replaceAll(/^ *(map|geo|types) [^\n]*\{$.*?^ *\}$/gms, "$1 x;")
    .replaceAll(/^ *types \{.*?^ *\}$/gms, "types;");
  const names = new Set([...template.matchAll(/^ *([a-z_0-9]+)(?=[ ;])/gm)].map(([, name]) => name!));
  for (const family of ["proxy", "grpc", "fastcgi", "uwsgi"])
    for (const name of ["pass", "read_timeout", "send_timeout", "next_upstream"]) names.add(`${family}_${name}`);
  for (const family of ["proxy", "fastcgi", "uwsgi", "scgi"])
    for (const name of ["max_temp_file_size", "request_buffering"]) names.add(`${family}_${name}`);
  for (const family of ["proxy", "grpc"])
    for (const name of ["verify", "verify_depth", "trusted_certificate", "name", "certificate", "certificate_key"])
      names.add(`${family}_ssl_${name}`);
  // Printed as values.
  for (const name of ["least_conn", "ip_hash", "hash", "random"]) names.add(name);
  for (const name of LIST_DIRECTIVES) names.add(name);
  for (const [name] of TRANSFERS) names.add(name);
  assert.deepEqual(known("directives"), [...names].toSorted());
  const streams = readFileSync("renderer/templates/stream.conf.hbs", "utf8").replaceAll(
    /^ *map [^{]*\{$.*?^ *\}$/gms,
    "map x;",
  );
  const ofStreams = new Set([...streams.matchAll(/^ *([a-z_0-9]+)(?=[ ;])/gm)].map(([, name]) => name!));
  for (const name of ["least_conn", "hash", "random"]) ofStreams.add(name);
  assert.deepEqual(known("stream_directives"), [...ofStreams].toSorted());
});

for (const shell of ["dash", "busybox"] as const) {
  describe(`nginx's container with ${shell}`, { skip: requires("nginx", "busybox", "root") }, () => {
    let rig: Rig;
    let channel: ReloadChannel;
    let secret: string;
    before(async () => {
      rig = await Rig.start(shell);
      channel = new ReloadChannel(rig.channel);
      await eventually(
        "the channel answers",
        async () => (await channel.check(rig.candidate, true)).kind !== "unavailable",
      );
      secret = join(rig.directory, "key.pem");
      writeFileSync(secret, "MIIEvSecretKey==;\n");
      writeFileSync(join(rig.directory, "pass.conf"), "");
    });
    after(async () => await rig.close());

    const server = (text: string): string =>
      `${rig.configuration("candidate")}server { listen 127.0.0.1:1;\n${text}\n}\n`;

    const ATTACKS: readonly (readonly [title: string, text: () => string, message: RegExp])[] = [
      ["load code", () => "load_module /tmp/evil.so;", /this directive is not allowed/],
      ["serve keys", () => server("location / { alias /etc/nginx/certs/; }"), /this directory may not be served/],
      ["serve keys after a detour", () => server("root /usr/share/nginx/html/../../../../etc;"), /may not be served/],
      ["serve keys by a variable", () => server("root /usr/share/nginx/$arg_x;"), /not generated/],
      ["serve the file system by a link", () => server(`root ${dirname(rig.live)}/status;`), /may not be served/],
      ["print a key in a message", () => `include ${secret};`, /this file may not be included/],
      ["print a key in a message of a map", () => `map $uri $x {\ninclude ${secret};\n}`, /may not be included/],
      ["print a key by a pattern", () => "include /etc/nginx/vhost.d/.?/key.pem;", /is a pattern/],
      ["write a file", () => server("access_log /etc/nginx/vhost.d/default;"), /may not be a log/],
      ["store responses", () => server("location / { proxy_store on; }"), /this directive is not allowed/],
      ["reach a local socket", () => "upstream a { server unix:/run/docker.sock; }", /not that of a container/],
      [
        "reach another server",
        () => server("location / { proxy_pass http://127.0.0.1:9000; }"),
        /passed to containers/,
      ],
      [
        "reach a server of the client's choice",
        () => server("location / { proxy_pass http://$arg_x; }"),
        /not generated/,
      ],
      ["hide a directive in quotes", () => server('"load_module" x;'), /not generated/],
      ["hide a directive after a comment in a word", () => server("set $a b#c; load_module x;"), /not allowed/],
      ["hide a directive after a quote", () => server(`set $a 'it''s'; load_module x;`), /./],
      ["hide a directive on the line of another", () => server("return 200 a; load_module x;"), /not allowed/],
      ["hide a block", () => "lua_block { }", /this block is not allowed/],
      ["leave a block open", () => "server {", /ends in a block/],
      [
        "hide a directive between quotes inside of words",
        () => 'add_header X a"; load_module x; add_header Y b";',
        /./,
      ],
      ["hide a directive after a brace that nginx reads as text", () => "types { a ${ b; }\nload_module x;", /./],
      ["hide a directive after a block in a map", () => "map $a $b { a b { }\nload_module x;\n}", /unexpected \{/],
      ["hide a directive after a NUL", () => "add_header X b\0; load_module x; add_header Y c\n;", /control character/],
      ["leave a directory before a carriage return", () => server("root /var/www/..\r;"), /control character/],
      ["serve keys by a root of all servers", () => "root /etc/nginx;", /this directory may not be served/],
      [
        "serve keys from the root of a FastCGI app",
        () =>
          `upstream a { server 10.0.0.1:9000; }\n${server("location / { root /; fastcgi_pass a; location /etc/ { } }")}`,
        /this directory may not be served/,
      ],
      ["serve keys next to a directory", () => server("location /a { alias /var/www/; }"), /must end with a slash/],
      ["serve keys as an error page", () => server("error_page 404 /../../../etc/x;"), /this path is not generated/],
      ["serve keys as an index", () => server("index ../../../etc/x;"), /this path is not generated/],
      [
        "allow links in a part of a path",
        () => server(`root ${dirname(rig.live)}/status;\ndisable_symlinks on from=${dirname(rig.live)}/status;`),
        /not generated/,
      ],
      [
        "allow links in a location",
        () => server(`root ${dirname(rig.live)}/x;\ndisable_symlinks on;\nlocation /y { disable_symlinks off; }`),
        /not generated/,
      ],
      ["load code with a key", () => server("ssl_certificate_key engine:/tmp/evil.so:x;"), /not the path of a file/],
      ["load code with a key that a variable names", () => server("ssl_certificate_key $x;"), /not generated/],
      ["read any file for passwords", () => server(`auth_basic_user_file ${secret};`), /may not have passwords/],
      [
        "read a file of the client's choice for passwords",
        () => server("auth_basic_user_file $arg_x;"),
        /not generated/,
      ],
      ["reach a domain", () => "upstream a { server tasks.example.com:80; }", /not that of a container/],
      [
        "reach a domain of one label",
        () => "upstream a { server tasks.com:80; }",
        /add resolve to SALLYPORT_DIRECTIVES/,
      ],
      ["keep the script busy with a long line", () => `${"a ".repeat(500_000)};`, /more than 16,384 characters/],
      ["listen on a socket file", () => "server { listen UNIX:/tmp/x; }", /not a port/],
      [
        "reach an address that is also the name of an upstream",
        () =>
          `upstream 169.254.169.254:80 { server 10.0.0.1:80; }\n${server("location / { proxy_pass http://169.254.169.254:80; }")}`,
        /not generated/,
      ],
      ...["UNIX:/x.sock", "2852039166:80", "[::ffff:a9fe:a9fe]:80", "[fe90::1]:80", "localhost:80"].map(
        (address) =>
          [`reach ${address}`, () => `upstream a { server ${address}; }`, /not that of a container/] as const,
      ),
    ];
    for (const [title, text, message] of ATTACKS) {
      test(`does not let a generated file ${title}`, async () => {
        rig.stage(`${text()}\n`);
        const tested = await channel.check(rig.candidate, true);
        assert.equal(tested.kind, "rejected");
        assert.match("message" in tested ? tested.message : "", message);
        assert.doesNotMatch(JSON.stringify(tested), /MIIE/);
        rig.stage(rig.configuration("first"));
        rig.goLive(`${rig.configuration("second")}\n${text()}\n`);
        assert.equal((await channel.reload()).kind, "rejected");
        assert.equal(await rig.answer(), "first");
        rig.goLive(rig.configuration("first"));
      });
    }

    const SNI = "stream { server { listen 127.0.0.1:1; ssl_preread on; proxy_pass $sallyport_sni; }";
    const STREAM_ATTACKS: readonly (readonly [title: string, text: string, message: RegExp])[] = [
      ["load code", "load_module /tmp/evil.so;", /this directive is not allowed/],
      ["include a file that loads code", "include /var/www/evil.conf;", /may not be included in the main context/],
      ["write a file", "error_log /etc/nginx/x;", /this directive is not allowed/],
      ["reach another server", "stream { server { listen 1; proxy_pass 127.0.0.1:22; } }", /passed to containers/],
      [
        "reach a server of the client's choice",
        SNI.replace("sallyport_sni", "ssl_preread_server_name"),
        /not generated/,
      ],
      [
        "reach another server for a name",
        `${SNI}\nmap $ssl_preread_server_name $sallyport_sni {\na.example 127.0.0.1:22;\n} }`,
        /passed to containers/,
      ],
      [
        "reach the name of the client's choice",
        `${SNI} map $ssl_preread_server_name $sallyport_sni { default $ssl_preread_server_name; } }`,
        /passed to containers/,
      ],
      ["set another variable", "stream { map $a $b { default c; } }", /this variable is not generated/],
      [
        "set the variable by another directive",
        `${SNI} set $sallyport_sni 127.0.0.1:22; }`,
        /directive is not allowed/,
      ],
      ["reach a local socket", "stream { upstream a { server unix:/run/docker.sock; } }", /not that of a container/],
      ["serve files", "http { server { root /; } }", /this block is not allowed/],
    ];
    for (const [title, text, message] of STREAM_ATTACKS) {
      test(`does not let a generated file of the main context ${title}`, async () => {
        const [candidate, live] = [rig.candidate, rig.live].map((file) => file.replace(/conf$/, "stream"));
        writeFileSync(candidate!, `${text}\n`);
        const tested = await channel.check(candidate!, true);
        assert.equal(tested.kind, "rejected");
        assert.match("message" in tested ? tested.message : "", message);
        // It is not a candidate for virtual hosts.
        rig.stage(rig.configuration("first"));
        assert.deepEqual(await channel.check(rig.candidate, true), { kind: "ok" });
        unlinkSync(candidate!);
        writeFileSync(live!, `${text}\n`);
        assert.equal((await channel.reload()).kind, "rejected");
        unlinkSync(live!);
      });
    }

    test("reports an nginx without stream module, and a main configuration without the file, for streams only", async () => {
      const candidate = rig.candidate.replace(/conf$/, "stream");
      const main = readFileSync(rig.configs.live, "utf8");
      const stream =
        "stream {\n    server {\n        listen 127.0.0.1:1;\n        proxy_pass a;\n    }\n    upstream a {\n        server 10.0.0.1:1;\n    }\n}\n";
      const answers = async (text: string, changed: string): Promise<string> => {
        writeFileSync(candidate, text);
        writeFileSync(rig.configs.live, changed);
        const tested = await channel.check(candidate, true);
        assert.deepEqual(await channel.check(rig.candidate, true), { kind: "ok" });
        return "message" in tested ? tested.message : tested.kind;
      };
      rig.stage(rig.configuration("first"));
      assert.equal(await answers(stream, main), "ok");
      const withoutModule = main.replace(/^load_module.*\n/, "");
      // A static nginx has the module.
      if (withoutModule !== main) {
        assert.match(
          await answers(stream, withoutModule),
          /^nginx has no stream module; install it \(libnginx-mod-stream/,
        );
      }
      const withoutFile = main.replace(/^include .*stream;\n/m, "");
      assert.match(
        await answers(stream, withoutFile),
        /does not include .*stream; add this line to it, outside of all blocks/,
      );
      assert.equal(await answers("# No stream.\n", withoutFile), "ok");
      assert.equal(await answers("# No stream.\n", withoutModule), "ok");
      writeFileSync(rig.configs.live, main);
      unlinkSync(candidate);
    });

    test("is not blocked by a FIFO that the operator's file includes", async () => {
      const [file, fifo] = [join(dirname(rig.live), "own.conf"), join(rig.directory, "fifo")];
      execFileSync("mkfifo", [fifo]);
      writeFileSync(file, `include ${fifo};\n`);
      chownSync(file, 65_534, 65_534);
      rig.stage(rig.configuration("first"));
      const tested = await channel.check(rig.candidate, true);
      unlinkSync(file);
      assert.match(JSON.stringify(tested), /"rejected".*a file may be a FIFO/);
      assert.equal((await channel.check(rig.candidate, true)).kind, "ok");
    });

    test("does not read a generated file that is a link", async () => {
      const link = join(dirname(rig.candidate), "other.conf");
      symlinkSync(secret, link);
      const tested = await channel.check(rig.candidate, true);
      assert.match(JSON.stringify(tested), /not a regular file/);
      execFileSync("rm", [link]);
    });

    for (const below of [false, true]) {
      test(`does not read candidates behind a link in place of ${below ? "the parent of their" : "their"} directory`, async () => {
        const linked = below ? dirname(dirname(rig.candidate)) : dirname(rig.candidate);
        const other = join(rig.directory, "other");
        mkdirSync(join(other, "candidate"), { recursive: true });
        for (const directory of [other, join(other, "candidate")]) {
          const file = join(directory, "secret.conf");
          copyFileSync(secret, file);
          chownSync(file, 65_534, 65_534);
        }
        renameSync(linked, `${linked}-moved`);
        symlinkSync(other, linked);
        const tested = await channel.check(rig.candidate, true);
        unlinkSync(linked);
        renameSync(`${linked}-moved`, linked);
        assert.match(JSON.stringify(tested), /not a directory of its own/);
        assert.doesNotMatch(JSON.stringify(tested), /MIIE/);
      });
    }

    test("accepts what the shipped template generates", async () => {
      for (const name of readdirSync("test/renderer/golden").filter((file) => file.endsWith(".conf"))) {
        rig.stage(
          readFileSync(join("test/renderer/golden", name), "utf8").replaceAll("/etc/nginx/conf.d", dirname(rig.live)),
        );
        const tested = await channel.check(rig.candidate, true);
        // nginx misses files of the example, or accepts it; a rejection by the rules has no such message.
        if (tested.kind === "rejected") assert.match(tested.message, /nginx: .*(emerg|test failed)/s, name);
      }
    });
  });
}
