import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as dgram from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import * as net from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as tls from "node:tls";
import type { Container } from "../../../shared/snapshot.ts";
import { explain } from "../../../renderer/status/explain.ts";
import { textFault } from "../../../shared/text.ts";
import { freePort } from "../../demo/free-port.ts";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { container } from "../fake-agent.ts";
import { HOSTILE } from "../structure/hostile.ts";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig } from "./rig.ts";

const skip = requires("nginx", "openssl");

/** What a stream of a container may add to the file. */
const HARMLESS =
  /^ *(?:upstream tls-{1,2}[a-z0-9.-]+ \{|# bad-sni-\d+|server 192\.0\.2\.1:80 max_fails=1 fail_timeout=1s;|"?\\{0,2}[a-z0-9_.*-]+"? tls-[a-z0-9.-]+;)$/;

/** The hash by which the upstream of `*.wild.example` is named. */
const WILD_HASH = createHash("sha256").update("*.wild.example").digest("hex").slice(0, 16);

/** A server that greets with its name and then echoes. */
function greeting(name: string): net.Server {
  return net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write(`${name}\n`);
    socket.pipe(socket);
  });
}

/** Labels of a container, in a Compose project and service. */
function labels(values: Record<string, string>, project = "test", service = ""): Partial<Container> {
  const own = Object.entries(values).map(([name, value]) => [`sallyport.${name}`, value]);
  return { labels: { ...composeLabels(project, service), ...Object.fromEntries(own) } };
}

describe("TCP, UDP and TLS by server name, with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const datagrams = dgram.createSocket("udp4");
  const sockets: net.Socket[] = [];
  let db: readonly Container[] = [];
  let [tcp, udp, sni, admin, unused] = [0, 0, 0, 0, 0];

  /** Returns the first line that a server sends, or `closed`. */
  const greet = async (port: number, from?: string): Promise<string> => {
    const socket = net.connect({ port, host: "127.0.0.1", ...(from !== undefined && { localAddress: from }) });
    sockets.push(socket);
    return await new Promise((resolve) => {
      socket.on("data", (data) => {
        resolve(String(data).trim());
        socket.end();
      });
      socket.on("error", () => resolve("closed"));
      socket.on("close", () => resolve("closed"));
    });
  };

  /** Returns the name in the certificate that a client of this server name receives, or `closed`. */
  const nameOf = async (servername: string): Promise<string> => {
    const socket = tls.connect({ port: sni, host: "127.0.0.1", servername, rejectUnauthorized: false });
    sockets.push(socket);
    return await new Promise((resolve) => {
      socket.on("secureConnect", () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.end();
      });
      socket.on("error", () => resolve("closed"));
      socket.on("close", () => resolve("closed"));
    });
  };

  const secure = (name: string): net.Server => {
    makeCertificate(rig.certificates, name, [name]);
    const read = (ending: string): string => readFileSync(join(rig.certificates, `${name}.${ending}`), "utf8");
    return tls.createServer({ cert: read("crt"), key: read("key") }, (socket) => socket.on("error", () => undefined));
  };

  const app = async (name: string, changes: Partial<Container>, server = greeting(name)) =>
    await rig.app(name, {}, changes, server);

  /** A container whose port nginx has under another number. */
  const mapped = async (name: string, port: number, values: Record<string, string> = {}) => {
    const one = await app(name, {});
    return { ...one, ...labels({ tcp: `${port}:${rig.portOf(name)}`, ...values }, "test", name) };
  };

  /** A container with the only certificate for a server name. */
  const named = async (name: string, values: Record<string, string>, changes: Partial<Container> = {}) => {
    const one = await app(name, changes, secure(name.replace("*.", "")));
    const project = name.startsWith("mine.") ? "other" : "test";
    return { ...one, ...labels({ sni: name, ...values }, project, name) };
  };

  const streamText = (): string => readFileSync(join(rig.directory, "conf.d", "default.stream"), "utf8");
  const published = (): number => rig.logged.filter(({ event }) => event === "publish.succeeded").length;

  /** Sends a change to the renderer, and waits until nginx runs with it. */
  const change = async (upserted: readonly Container[], removed: readonly string[] = []): Promise<void> => {
    const before = published();
    rig.update(upserted, removed);
    await eventually("the change is published", () => published() > before);
  };

  before(async () => {
    [tcp, sni] = [await freePort(), await freePort()];
    [admin, unused, udp] = [await freePort(), await freePort(), await freePort()];
    datagrams.bind(0, "127.0.0.1");
    await once(datagrams, "listening");
    datagrams.on("message", (message, { port, address }) => datagrams.send(`echo ${String(message)}`, port, address));
    db = [await app("db1", {}), await app("db2", {})].map((one, index) => ({
      ...one,
      ...labels({ tcp: `${tcp}:${rig.portOf(`db${index + 1}`)}` }, "test", "db"),
    }));
    const echo = await app("echo", labels({ udp: `${udp}:${datagrams.address().port}` }, "test", "echo"));
    await rig.start(
      {
        reload: "channel",
        streams: { ports: [tcp, admin, `${udp}/udp`], sni },
        routing: {
          owners: ["kept.example", "idle.example"].map((suffix) => ({ suffix, projects: ["other"] })),
        },
      },
      [
        ...db,
        echo,
        await rig.app("web", { VIRTUAL_HOST: "web.example" }),
        await app("thief", labels({ tcp: String(tcp) }, "thief")),
        await app("second", labels({ tcp: String(tcp) }, "test", "second")),
        await app("withheld", { refused: [{ from: "label", name: "sallyport.udp", reason: "name.unknown" }] }),
        await app("outside", labels({ tcp: String(unused) }, "outside")),
        await mapped("allowed", admin, { allow: "127.0.0.9" }),
        await named("a.example", {}),
        await named("b.example", {}),
        await named("*.wild.example", {}),
        await named("*.kept.example", {}),
        await named("c.example", { allow: "10.0.0.0/8" }),
        await named("d.example", { auth: "sso" }),
        await named("mine.wild.example", {}, { state: "exited" }),
        { ...(await named("kept.example", {})), ...labels({ sni: "kept.example" }, "other", "kept") },
        {
          ...(await named("idle.example", {}, { state: "exited" })),
          ...labels({ sni: "idle.example" }, "other", "idle"),
        },
        { ...(await named(WILD_HASH, {})), ...labels({ sni: WILD_HASH }, "thief", "hash") },
      ],
    );
    await eventually("nginx serves the streams", async () => (await greet(tcp)) !== "closed");
  });
  after(async () => {
    datagrams.close();
    for (const socket of sockets) socket.destroy();
    await rig.close();
  });

  test("balances connections between replicas", async () => {
    const found = new Set<string>();
    for (let made = 0; made < 10; made += 1) found.add(await greet(tcp));
    assert.deepEqual([...found].toSorted(), ["db1", "db2"]);
  });

  test("forwards datagrams, and the responses to the client", async () => {
    const client = dgram.createSocket("udp4");
    const answer = once(client, "message");
    // A datagram may be lost.
    const timer = setInterval(() => client.send("hello", udp, "127.0.0.1"), 50);
    const [message] = (await answer) as [Buffer];
    clearInterval(timer);
    client.close();
    assert.equal(String(message), "echo hello");
  });

  test("forwards TLS connections by their server name, without decryption", async () => {
    for (const [name, certificate] of [
      ["a.example", "a.example"],
      ["b.example", "b.example"],
      ["any.wild.example", "wild.example"],
      ["unknown.example", "closed"],
      // Another project's container, which is stopped.
      ["mine.wild.example", "closed"],
      ["any.kept.example", "closed"],
      // The operator reserves these names for the project that has them.
      ["kept.example", "kept.example"],
      ["idle.example", "closed"],
      // Its name is what another one's upstream could be called.
      [WILD_HASH, WILD_HASH],
      // Its clients cannot be restricted.
      ["c.example", "closed"],
      ["d.example", "closed"],
    ] as const) {
      assert.equal(await nameOf(name), certificate, name);
    }
  });

  test("applies `allow`", async () => {
    assert.equal(await greet(admin, "127.0.0.9"), "allowed");
    assert.equal(await greet(admin), "closed");
  });

  const EXPLAINED: readonly (readonly [query: () => string, expected: RegExp])[] = [
    [() => String(tcp), /^host \d+\/tcp\n {2}127.*db1\n.*db2\n {2}belongs to project test\n/],
    [() => String(tcp), /container thief: \d+\/tcp belongs to project test, which requested it first; use another/],
    [() => String(tcp), /container second: \d+\/tcp is served by service db of .*is not a replica of it/],
    [() => `${tcp}/tcp`, /TCP port \d+ of nginx/],
    [() => String(udp), /^host \d+\/udp\n.*container echo\n[^]*UDP port \d+ of nginx/],
    [() => String(unused), /requested by container outside: .*use another port, or add \d+ to `streams\.ports`/],
    [
      () => "outside",
      /quarantined\n.*sallyport\.tcp: value "\d+": the operator does not offer port \d+\/tcp \(offered:/,
    ],
    [() => "withheld", /quarantined\n.*sallyport\.udp: the agent's policy does not disclose this label; list it in/],
    [() => String(admin), /only for 127\.0\.0\.9/],
    [
      () => "a.example",
      /^host a\.example\/tls\n[^]*TLS connections to port \d+ of nginx for the server name a\.example/,
    ],
    [
      () => "c.example",
      /closed: sallyport\.allow: nginx cannot restrict the clients of a server name; use `sallyport\.tcp`/,
    ],
    [
      () => "d.example",
      /closed: sallyport\.auth: an authentication service cannot check a stream; use `sallyport\.allow`/,
    ],
    [() => "mine.wild.example", /closed: no container is available/],
    [() => "any.kept.example", /closed|503: belongs to the projects other/],
    [() => "web.example", /HTTP only|container web/],
  ];
  for (const [query, expected] of EXPLAINED) {
    test(`explain matches ${expected.source.slice(0, 90)}`, async () => {
      assert.match(explain(await rig.status(), query()).text, expected);
    });
  }

  test("names neither streams nor virtual hosts as missing for containers that request one of them", async () => {
    const { unrouted } = await rig.status();
    assert.deepEqual(
      unrouted.map(({ name, code }) => [name, code]),
      ["idle.example", "mine.wild.example"].map((name) => [name, "state"]),
    );
    const logged = rig.logged.filter(({ event, container }) => event === "container.unrouted" && container === "web");
    assert.deepEqual(logged, []);
  });

  test("keeps connections open, and sends new ones elsewhere, when a replica stops", async () => {
    const connected = new Map<string, net.Socket>();
    await eventually("both replicas have a connection", async () => {
      const socket = net.connect(tcp, "127.0.0.1");
      sockets.push(socket);
      const [greeted] = (await once(socket, "data")) as [Buffer];
      connected.set(String(greeted).trim(), socket);
      return connected.size === 2;
    });
    await change([{ ...db[0]!, stopping: true }]);
    for (let made = 0; made < 6; made += 1) assert.equal(await greet(tcp), "db2");
    for (const socket of connected.values()) {
      const answer = once(socket, "data");
      socket.write("still here");
      assert.equal(String((await answer)[0]), "still here");
    }
    await change(db);
  });

  test(`${3 * HOSTILE.length} containers with a hostile value change nothing for others`, async () => {
    const before = streamText();
    const hostile = ["tcp", "udp", "sni"].flatMap((label, at) =>
      [
        ...HOSTILE,
        "0",
        "99999",
        "-1",
        "5432:0",
        "53/udp",
        "5432;",
        "a.example;",
        "default",
        "*",
        "~^.*$",
        "10.0.0.1",
      ].map((value, index) => {
        const fault = textFault(value, 4_096);
        const name = `sallyport.${label}`;
        return container("a", {
          id: (100_000 * (at + 1) + index).toString(16).padStart(64, "0"),
          name: `bad-${label}-${index}`,
          createdAt: 1_000_000,
          labels: { ...composeLabels("corpus"), ...(fault === undefined && { [name]: value }) },
          refused: fault === undefined ? [] : [{ from: "label", name, reason: fault }],
          networks: [{ name: "front", ipv4: "192.0.2.1" }],
          ports: [{ port: 80, proto: "tcp" }],
        });
      }),
    );
    const half = hostile.length / 2;
    rig.update(hostile.slice(0, half));
    rig.update(hostile.slice(half));
    await eventually("nginx runs with those that are valid", () => streamText().includes("# bad-sni-"));
    const rejected = rig.logged.filter(({ event, code }) => event === "publish.rejected" || code === "check.rejected");
    assert.deepEqual(rejected, []);
    const added = streamText()
      .split("\n")
      .filter((line) => !before.includes(line));
    for (const line of added) assert.match(line, HARMLESS);
    assert.match(await greet(tcp), /^db[12]$/);
    assert.equal(await nameOf("a.example"), "a.example");
    rig.update(
      [],
      hostile.map(({ id }) => id),
    );
    await eventually("they are gone", () => !streamText().includes("# bad-"));
  });

  test("survives a restart of the renderer", async () => {
    const before = streamText();
    await rig.restart(() => undefined);
    assert.equal(streamText(), before);
    assert.match(await greet(tcp), /^db[12]$/);
  });
});
