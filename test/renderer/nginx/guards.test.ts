import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  readdirSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Container } from "../../../shared/snapshot.ts";
import { closuresOf } from "../../../renderer/status/report.ts";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";
import { CertificateAuthority } from "./certificate-authority.ts";
import { makeCertificate } from "./certificate-files.ts";
import { nginxCommand } from "../../demo/local-nginx.ts";
import { NginxRig } from "./rig.ts";

const skip = requires("nginx", "openssl", "root");

const PASSWORD = "user:{PLAIN}secret\n";
const sha1 = (path: string): string => createHash("sha1").update(path).digest("hex");

/** A kind of file that restricts access to a host: its directory, its name, and contents that restrict. */
interface GuardFile {
  readonly kind: string;
  readonly in: "passwords" | "vhosts" | "certificates";
  readonly nameOf: (host: string) => string;
  /** Whether the renderer can see that the contents restrict nothing that it could apply. */
  readonly isParsed: boolean;
}

const GUARDS: readonly GuardFile[] = [
  { kind: "password", in: "passwords", nameOf: (host) => host, isParsed: true },
  { kind: "path-password", in: "passwords", nameOf: (host) => `${host}_${sha1("/")}`, isParsed: true },
  { kind: "server", in: "vhosts", nameOf: (host) => host, isParsed: false },
  { kind: "location", in: "vhosts", nameOf: (host) => `${host}_location`, isParsed: false },
  { kind: "path-location", in: "vhosts", nameOf: (host) => `${host}_${sha1("/")}_location`, isParsed: false },
  { kind: "override", in: "vhosts", nameOf: (host) => `${host}_location_override`, isParsed: false },
  { kind: "authority", in: "certificates", nameOf: (host) => `${host}.ca.crt`, isParsed: true },
  { kind: "revocation", in: "certificates", nameOf: (host) => `${host}.crl.pem`, isParsed: true },
];

/** What can happen to a file. */
const FAULTS: Readonly<Record<string, (path: string) => void>> = {
  directory: (path) => mkdirSync(path),
  dangling: (path) => symlinkSync("/nonexistent/file", path),
  circle: (path) => symlinkSync(path, path),
  fifo: (path) => execFileSync("mkfifo", [path]),
  empty: (path) => writeFileSync(path, ""),
  garbage: (path) => writeFileSync(path, "\u0001 garbage } {\n"),
  huge: (path) => {
    writeFileSync(path, "");
    truncateSync(path, 17 * 1024 * 1024);
  },
  missing: () => undefined,
};

interface Case {
  readonly host: string;
  readonly guard: GuardFile;
  readonly fault: string;
}

const CASES: readonly Case[] = GUARDS.flatMap((guard) =>
  Object.keys(FAULTS).map((fault) => ({ host: `${fault}.${guard.kind}.example`, guard, fault })),
);

describe("a file that restricts access and becomes unusable, with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const places = {
    passwords: join(rig.directory, "passwords"),
    vhosts: join(rig.directory, "vhosts"),
    certificates: rig.certificates,
  };
  const authority = new CertificateAuthority(join(rig.directory, "authority"));
  const pathOf = ({ host, guard }: Case): string => join(places[guard.in], guard.nameOf(host));

  const good = (one: Case): void => {
    const path = pathOf(one);
    if (one.guard.in === "passwords") writeFileSync(path, PASSWORD);
    else if (one.guard.kind === "override") writeFileSync(path, "location / { deny all; }\n");
    else if (one.guard.in === "vhosts") writeFileSync(path, "deny all;\n");
    else if (one.guard.kind === "authority") copyFileSync(authority.path("ca.crt"), path);
    else authority.writeRevoked(path);
  };

  /** Returns the status and whether an app answered, for a client with a revoked certificate where it can show one. */
  const ask = async (host: string, tls: boolean): Promise<{ status: number; isServed: boolean }> => {
    const { status, body } = await rig.ask({
      host,
      tls,
      ...(host.includes("revocation") && {
        cert: readFileSync(authority.path("client.crt"), "utf8"),
        key: readFileSync(authority.path("client.key"), "utf8"),
      }),
    });
    return { status, isServed: body.startsWith("{") };
  };

  before(async () => {
    for (const directory of [places.passwords, places.vhosts]) mkdirSync(directory);
    authority.issue("client");
    authority.revoke("client");
    makeCertificate(rig.certificates, "default", ["default.example"]);
    for (const one of CASES) {
      good(one);
      if (one.guard.kind === "revocation") {
        copyFileSync(authority.path("ca.crt"), join(rig.certificates, `${one.host}.ca.crt`));
      }
    }
    const apps: Container[] = [await rig.app("open", { VIRTUAL_HOST: "open.example" })];
    const [app] = apps;
    for (const [index, { host }] of CASES.entries()) {
      apps.push({
        ...app!,
        id: (index + 100).toString(16).padStart(64, "0"),
        name: `app${index}`,
        env: { VIRTUAL_HOST: host },
      });
    }
    const { passwords, vhosts } = places;
    await rig.start({ nginx: { files: { passwords, vhosts } } }, apps);
  });
  after(async () => await rig.close());

  const expectClosed = async (): Promise<void> => {
    const served: string[] = [];
    for (const { host } of CASES) {
      for (const tls of [false, true]) {
        const { status, isServed } = await ask(host, tls);
        if (isServed || (status >= 200 && status < 300)) served.push(`${host} ${tls ? "https" : "http"} ${status}`);
      }
    }
    assert.deepEqual(served, []);
    assert.equal((await rig.ask({ host: "open.example", tls: true })).status, 200);
  };

  test("is applied while it is good", async () => {
    await expectClosed();
    const { virtualHosts, quarantined } = await rig.status();
    assert.deepEqual([virtualHosts.flatMap(closuresOf), quarantined], [[], []]);
  });

  for (const how of ["while the renderer runs", "while the renderer is stopped"]) {
    // While it runs, nothing is published while nginx rejects a file: the last good restrictions stay.
    const isRunning = how === "while the renderer runs";
    const cases = CASES.filter(({ guard, fault }) => !isRunning || guard.isParsed || fault !== "garbage");
    test(`closes its host and no other, and is reported, if it happens ${how}`, async () => {
      const breakAll = (): void => {
        for (const one of cases) {
          rmSync(pathOf(one), { recursive: true, force: true });
          FAULTS[one.fault]!(pathOf(one));
        }
      };
      if (isRunning) breakAll();
      else await rig.restart(breakAll);
      await eventually("every host is reported", async () => {
        const { virtualHosts, quarantined } = await rig.status();
        const reported = new Map(virtualHosts.map((one) => [one.host, closuresOf(one).join("\n")]));
        for (const { name, reason } of quarantined) reported.set(name, reason);
        const silent = cases.filter((one) => !reported.get(one.host)?.includes(pathOf(one)));
        return silent.length === 0 && reported.get("open.example") === "";
      });
      await eventually("the configuration is live", async () =>
        (await rig.status()).targets.every((one) => !one.pending),
      );
      await expectClosed();
      const events = rig.logged.filter(({ event }) => event === "host.closed" || event === "container.quarantined");
      for (const { host } of cases)
        assert.ok(
          events.some((one) => one["host"] === host),
          `${host} is not logged`,
        );
    });

    test(`opens again when the file is restored (${how})`, async () => {
      for (const one of CASES) {
        rmSync(pathOf(one), { recursive: true, force: true });
        good(one);
      }
      await eventually("nothing is closed", async () => {
        const { virtualHosts, quarantined, targets } = await rig.status();
        return (
          virtualHosts.flatMap(closuresOf).length + quarantined.length === 0 && targets.every((one) => !one.pending)
        );
      });
      // A FIFO would block an nginx that still reads its files.
      await eventually("nginx has read the restored files", async () => {
        for (const { host } of CASES) if ((await ask(host, true)).status === 503) return false;
        return true;
      });
      await expectClosed();
    });
  }

  test("a file with the ending `_removed` confirms that the restriction is removed", async () => {
    for (const one of CASES) renameSync(pathOf(one), `${pathOf(one)}_removed`);
    await eventually("every host is served", async () => {
      const answers = await Promise.all(
        CASES.map(async ({ host, guard }) => guard.kind === "revocation" || (await ask(host, true)).isServed),
      );
      return answers.every((one) => one);
    });
    for (const one of CASES) rmSync(`${pathOf(one)}_removed`);
    await rig.restart(() => undefined);
    assert.deepEqual((await rig.status()).virtualHosts.flatMap(closuresOf), []);
  });

  test("a password file that only root may read closes its host", async () => {
    const [one] = CASES;
    good(one!);
    chmodSync(pathOf(one!), 0o600);
    await eventually("it is reported", async () =>
      (await rig.status()).virtualHosts
        .flatMap(closuresOf)
        .some((text) => text.includes("nginx may not read the file")),
    );
    await eventually("nginx responds with 503", async () => (await ask(one!.host, true)).status === 503);
  });

  for (const place of ["passwords", "vhosts", "certificates"] as const) {
    test(`a missing directory of ${place} closes every host`, async () => {
      // TLS needs the certificates. With them plain HTTP is redirected.
      const tls = place !== "certificates";
      renameSync(places[place], `${places[place]}-gone`);
      // A directory that is replaced is found by the poll; SIGHUP does not wait for it.
      rig.refresh();
      await eventually("open.example is closed", async () => {
        const { virtualHosts } = await rig.status();
        const open = virtualHosts.find(({ host }) => host === "open.example");
        return closuresOf(open!).some((text) => text.includes(places[place]) && text.includes("does not exist"));
      });
      await eventually("nginx responds with 503", async () => (await ask("open.example", tls)).status === 503);
      renameSync(`${places[place]}-gone`, places[place]);
      rig.refresh();
      await eventually("it is served again", async () => (await ask("open.example", true)).isServed);
    });
  }
});

describe("a file that nginx rejects while the renderer runs, with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const vhosts = join(rig.directory, "vhosts");
  const file = join(vhosts, "closed.example");
  const trap = join(rig.directory, "trap");
  before(async () => {
    makeCertificate(rig.certificates, "secure.example", ["secure.example"]);
    const config = join(rig.directory, "candidate.conf");
    const nginx = [...nginxCommand(rig.directory, config), "-t", "-q"].join(" ");
    // With a trap, its commands run between the renderer's last look at the files and nginx's.
    const check = { command: ["sh", "-c", `[ ! -e ${trap} ] || { sh ${trap}; rm ${trap}; }; exec ${nginx}`] };
    mkdirSync(vhosts);
    writeFileSync(file, "deny all;\n");
    await rig.start({ check, nginx: { files: { vhosts } } }, [
      await rig.app("open", { VIRTUAL_HOST: "open.example" }),
      await rig.app("closed", { VIRTUAL_HOST: "closed.example" }),
      await rig.app("secure", { VIRTUAL_HOST: "secure.example" }),
    ]);
  });
  after(async () => await rig.close());

  test("keeps the last good restriction, and the file is reported", async () => {
    for (const text of ["deny all\n", "\u0001 garbage } {\n"]) {
      writeFileSync(file, text);
      await eventually("it is reported", async () => {
        const [target] = (await rig.status()).targets;
        return target?.pending === true && target.error?.includes(file);
      });
      assert.equal((await rig.ask({ host: "closed.example" })).status, 403);
      assert.equal((await rig.ask({ host: "open.example" })).status, 200);
      writeFileSync(file, "deny all;\n");
      await eventually("it is live", async () => (await rig.status()).targets.every((one) => !one.pending));
      assert.equal((await rig.ask({ host: "closed.example" })).status, 403);
    }
  });

  test("publishes an edited file although a certificate disappears between rendering and nginx's check", async () => {
    const gone = join(rig.directory, "gone");
    writeFileSync(trap, `mkdir ${gone}; mv ${rig.certificates}/secure.example.* ${gone}\n`);
    writeFileSync(file, "deny all;\nadd_header X-Edited yes always;\n");
    await eventually(
      "the edited file applies",
      async () => (await rig.ask({ host: "closed.example" })).headers["x-edited"] === "yes",
    );
    // Old workers accept connections until new ones run.
    await eventually(
      "the other host is served over HTTP",
      async () => (await rig.echo({ host: "secure.example" }))?.app === "secure",
    );
    for (const name of readdirSync(gone)) renameSync(join(gone, name), join(rig.certificates, name));
    await eventually(
      "HTTPS is back",
      async () => (await rig.ask({ host: "secure.example", tls: true })).status === 200,
    );
  });
});
