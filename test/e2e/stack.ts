import { composeLabels } from "../shared/compose-labels.ts";
import { execFile } from "node:child_process";
import * as http from "node:http";
import { promisify } from "node:util";
import { freePort } from "../demo/free-port.ts";
import { docker, isPodman, removeLabelled } from "../docker.ts";
import { eventually } from "../eventually.ts";

const run = promisify(execFile);

/** A response through nginx. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A running stack of the shipped compose.yml, used by compose commands and HTTP requests. */
export class Stack {
  readonly project: string;
  readonly port: number;
  readonly #files: readonly string[];
  readonly #env: Readonly<Record<string, string>>;

  private constructor(project: string, port: number, files: readonly string[], env: Readonly<Record<string, string>>) {
    this.project = project;
    this.port = port;
    this.#files = files;
    this.#env = env;
  }

  /**
   * Builds the images and starts the stack. `files` are compose files applied on top of compose.yml, `env` is the
   * environment of compose. With SALLYPORT_IMAGES=given nothing is built: the Engine may reach no registry.
   */
  static async up(
    project: string,
    { files = [], env = {}, demo = true }: { files?: string[]; env?: Record<string, string>; demo?: boolean } = {},
  ): Promise<Stack> {
    const engines = isPodman() ? ["docs/examples/compose.podman.yml"] : [];
    const stack = new Stack(project, await freePort(), ["compose.yml", ...engines, ...files], env);
    await stack.down();
    const images = process.env["SALLYPORT_IMAGES"] === "given" ? "--no-build" : "--build";
    await stack.compose(...(demo ? ["--profile", "demo"] : []), "up", "-d", images);
    return stack;
  }

  async down(): Promise<void> {
    await removeLabelled(`sallyport.test=${this.project}`);
    // A restarted Engine refuses requests for containers and networks that it is still removing.
    const down = ["--profile", "demo", "down", "-v", "--timeout", "2", "--remove-orphans"];
    await eventually("the stack is down", async () => await this.compose(...down));
  }

  async compose(...args: string[]): Promise<string> {
    const files = this.#files.flatMap((file) => ["-f", file]);
    const env = { ...process.env, ...this.#env, SALLYPORT_PORT: String(this.port) };
    const all = ["compose", "-p", this.project, ...files, ...args];
    const { stdout, stderr } = await run("docker", all, { env, maxBuffer: 64 * 1024 * 1024 });
    return stdout + stderr;
  }

  /** Name of the first container of a service. */
  container(service: string): string {
    return `${this.project}-${service}-1`;
  }

  /** Starts a demo app, or another command, outside compose on the stack's network. `down` removes it. */
  async runApp(
    name: string,
    options: readonly string[] = [],
    network = `${this.project}_default`,
    command: readonly string[] = [],
  ): Promise<string> {
    // Replicas of a host have one owner: they belong to one Compose project, which is not the stack's.
    const owner = composeLabels(`${this.project}-apps`);
    const labels = Object.entries({ "sallyport.test": this.project, ...owner }).flatMap(([key, value]) => [
      "--label",
      `${key}=${value}`,
    ]);
    const fixed = ["run", "-d", "--name", `${this.project}-${name}`, ...labels, "--network", network];
    return await docker(...fixed, "-e", `APP_NAME=${name}`, ...options, "sallyport-demo-app", ...command);
  }

  /** One request through the published port. */
  async get(host: string, path = "/"): Promise<Answer> {
    return await request({ host: "127.0.0.1", port: this.port }, host, path);
  }

  /**
   * nginx's address on the stack's network. Unlike the published port it works without a helper process of the Engine,
   * which ends with the Engine.
   */
  async address(): Promise<{ host: string; port: number }> {
    const format = `{{(index .NetworkSettings.Networks "${this.project}_default").IPAddress}}`;
    return { host: await docker("inspect", "-f", format, this.container("nginx")), port: 8080 };
  }

  /** Waits until the app of this name answers for the host. */
  async routed(host: string, app: string, within?: number): Promise<Answer> {
    return await eventually(
      `${app} answers for ${host}`,
      async () => {
        const answer = await this.get(host);
        return answer.status === 200 && answer.body.includes(`app: ${app}\n`) ? answer : undefined;
      },
      within,
    );
  }

  /** Waits until nginx answers with this status for the host. */
  async answered(host: string, status: number, within?: number): Promise<void> {
    await eventually(
      `nginx answers ${status} for ${host}`,
      async () => (await this.get(host)).status === status,
      within,
    );
  }

  /** Sends requests until `count` containers have answered for the host, and returns their names. */
  async replicas(host: string, count: number): Promise<Set<string>> {
    return await eventually(`${count} containers answer for ${host}`, async () => {
      const seen = new Set<string>();
      for (let asked = 0; asked < 8 * count; asked++) seen.add(containerOf(await this.get(host)));
      return seen.size === count ? seen : undefined;
    });
  }

  async logs(service: string): Promise<string> {
    return await this.compose("logs", "--no-color", "--no-log-prefix", service);
  }
}

export function containerOf({ body }: Answer): string {
  return /^container: (.*)$/m.exec(body)?.[1] ?? "";
}

/** Milliseconds until a probe fails and is repeated: a paused container never answers. */
const PROBE_MS = 5_000;

/** Sends a request on a new connection, without retries. */
export async function request(
  at: { host: string; port: number },
  host: string,
  path: string,
  limitMs: number = PROBE_MS,
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = http.get({ ...at, path, agent: false, headers: { Host: host }, timeout: limitMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    sent.on("timeout", () => sent.destroy(new Error(`no response within ${limitMs} ms`)));
    sent.on("error", reject);
  });
}
