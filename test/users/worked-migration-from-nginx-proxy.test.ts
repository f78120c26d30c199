import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { docker, dockerSocket, isPodman } from "../docker.ts";
import { SelfContained } from "../e2e/self-contained-box.ts";
import { eventually } from "../eventually.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { blocksOf, rowsOf } from "../renderer/migration/page-blocks.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

const run = promisify(execFile);
const PAGE = "docs/how-to/worked-migration-from-nginx-proxy.md";
const APP = "sallyport-test-echo:1";
const ECHO =
  `for (const port of [80, 8000, 9000]) require("http").createServer((q, r) => ` +
  `r.end(JSON.stringify({ port, path: q.url, headers: q.headers }))).listen(port)`;

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A Compose project made of the page's files. */
class Project {
  readonly #name: string;
  readonly directory = mkdtempSync(join(tmpdir(), "sallyport-worked-"));

  constructor(name: string) {
    this.#name = name;
    chmodSync(this.directory, 0o755);
    for (const { language, what, text } of blocksOf(PAGE)) {
      const path = join(this.directory, what);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, language === "yaml" ? forThisEngine(text) : text);
    }
  }

  async compose(file: string, ...args: readonly string[]): Promise<void> {
    await run("docker", ["compose", "-p", this.#name, "-f", join(this.directory, file), ...args]);
  }

  async end(file: string): Promise<void> {
    await this.compose(file, "down", "-v", "--timeout", "1");
  }

  /** Sends the request of a row to the proxy, and returns what the row's answer must contain. */
  async answer(url: string, service: string, port: { http: number; https: number }): Promise<Answer> {
    const { protocol, hostname, pathname, search } = new URL(url);
    const format = `{{(index .NetworkSettings.Networks "${this.#name}_default").IPAddress}}`;
    const address = await docker("inspect", "-f", format, `${this.#name}-${service}-1`);
    const options = {
      host: address,
      path: pathname + search,
      headers: { host: hostname },
      agent: false,
      timeout: 5_000,
    };
    return await new Promise((resolve, reject) => {
      const receive = (response: http.IncomingMessage): void => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part)).on("error", reject);
        const done = (body: string): void =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        response.on("end", () => done(Buffer.concat(parts).toString()));
      };
      const secure = { ...options, port: port.https, servername: hostname, rejectUnauthorized: false };
      const request =
        protocol === "https:" ? https.get(secure, receive) : http.get({ ...options, port: port.http }, receive);
      request.on("error", reject);
    });
  }
}

function forThisEngine(compose: string): string {
  return compose
    .replaceAll("your-app", APP)
    .replaceAll("/var/run/docker.sock:", `${dockerSocket()}:`)
    .replaceAll(/^ +ports: .*\n/gm, "");
}

/** Asserts that an answer is the one that the page names: status, then a location, or port and path of the app. */
function check(url: string, expected: string, { status, headers, body }: Answer): void {
  const [, wanted = "", location, port, path] =
    /^(\d+)(?:, `(https?:[^`]*)`|, port (\d+), path `([^`]*)`)?$/.exec(expected) ?? [];
  assert.equal(status, Number(wanted), url);
  if (location !== undefined) assert.equal(headers.location, location, url);
  if (port === undefined) return;
  const echo = JSON.parse(body) as { port: number; path: string };
  assert.deepEqual([echo.port, echo.path], [Number(port), path], url);
}

describe("the worked migration from nginx-proxy", { skip: requires("docker") }, () => {
  const project = new Project("spworked");
  const at = (name: string): string => join(project.directory, name);

  before(async () => {
    await SelfContained.build();
    await docker("rm", "-f", "spworked-echo").catch(() => "no such container");
    await docker("create", "--name", "spworked-echo", "node:26-trixie-slim");
    const command = `CMD ${JSON.stringify(["node", "-e", ECHO])}`;
    const exposed = ["80", "8000", "9000"].flatMap((port) => ["--change", `EXPOSE ${port}`]);
    await docker("commit", "--change", command, ...exposed, "spworked-echo", APP);
    await docker("rm", "spworked-echo");
    for (const name of ["certs/acme.example", "html/.well-known/acme-challenge"])
      mkdirSync(at(name), { recursive: true });
    writeFileSync(at("html/.well-known/acme-challenge/token"), "answer");
    makeCertificate(at("certs"), "secure.example", ["secure.example"]);
    makeCertificate(at("certs"), "acme.example", ["acme.example"]);
    renameSync(at("certs/acme.example.crt"), at("certs/acme.example/fullchain.pem"));
    renameSync(at("certs/acme.example.key"), at("certs/acme.example/key.pem"));
    symlinkSync("./acme.example/fullchain.pem", at("certs/acme.example.crt"));
    symlinkSync("./acme.example/key.pem", at("certs/acme.example.key"));
    for (const name of ["certs/secure.example.key", "certs/acme.example/key.pem"]) chmodSync(at(name), 0o600);
    copyFileSync("renderer/nginx/90-sallyport-reload.sh", at("90-sallyport-reload.sh"));
  });
  after(async () => await removeDirectory(project.directory));

  test("nginx-proxy's documented set-ups work with the image replaced", async () => {
    await project.end("compose.yml");
    try {
      await project.compose("compose.yml", "up", "-d");
      const ports = { http: 80, https: 443 };
      for (const [request = "", expected = ""] of rowsOf(PAGE, "One container")) {
        const url = request.replaceAll("`", "");
        // While nginx reloads, an old worker may still answer.
        await eventually(`${url} returns ${expected}`, async () => {
          check(url, expected, await project.answer(url, "nginx-proxy", ports));
          return true;
        });
      }
      const { headers, body } = await project.answer("http://custom.example/", "nginx-proxy", ports);
      assert.equal(headers["x-host"], "custom");
      assert.equal((JSON.parse(body) as { headers: Record<string, string> }).headers["x-location"], "http");
    } finally {
      await project.end("compose.yml");
    }
  });

  test("nginx in a separate container serves the hosts", { skip: isPodman() }, async () => {
    await project.end("separate.yml");
    try {
      await project.compose("separate.yml", "up", "-d");
      const ports = { http: 8080, https: 8443 };
      for (const [request = "", expected = ""] of rowsOf(PAGE, "Separate containers")) {
        const url = request.replaceAll("`", "");
        const wanted = Number(expected.slice(0, 3));
        await eventually(`${url} returns ${wanted}`, async () => {
          return (await project.answer(url, "nginx", ports)).status === wanted;
        });
        check(url, expected, await project.answer(url, "nginx", ports));
      }
    } finally {
      await project.end("separate.yml");
    }
  });

  test("the separate form names a missing volume, script and label", async () => {
    const file = readFileSync(at("separate.yml"), "utf8");
    const without = file.replaceAll(/^ +- reload:.*\n/gm, "").replaceAll(/^ +labels: .*\n/gm, "");
    writeFileSync(at("incomplete.yml"), without);
    await project.end("incomplete.yml");
    try {
      await project.compose("incomplete.yml", "up", "-d", "sallyport");
      const logs = async (): Promise<string> => {
        const { stdout, stderr } = await run("docker", ["logs", "spworked-sallyport-1"]);
        return stdout + stderr;
      };
      await eventually("the volume is named", async () =>
        (await logs()).includes(
          "/run/sallyport/reload is not a volume; SALLYPORT_NGINX=separate needs the same volume",
        ),
      );
      await eventually("the label is named", async () =>
        /publish\.failed.*no running container has the label com\.github\.nginx-proxy/.test(await logs()),
      );
    } finally {
      await project.end("incomplete.yml");
    }
  });
});
